"""What happens when, drawn from the seed: pushes, people, broken machines and servers."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bootstrap_monitor.core import names
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.on_failure import OnFailure
from bootstrap_monitor.errors import Terminated
from tests.soak.server import PARTIAL_SYNC, config_of
from tests.soak.simulation import HOUR, MINUTE
from tests.soak.world import World
from tests.support.kills import Killed
from tests.support.manifests import FLOATING, NODE, POD

PACES = (0.1, 0.3, 1.0, 3.0)
"""Of a day's trouble: most days are calm, some are not."""


@dataclass(frozen=True)
class Happening:
    """Something that happens every so many hours, on an ordinary day."""

    hours: float
    act: Callable[[], None]
    paced: bool = True


class Days:
    """Lets it happen; each kind of it has a stream of draws of its own."""

    def __init__(self, seed: int, world: World) -> None:
        self._world = world
        self._seed = seed
        self._draw = random.Random(f"{seed} days")
        happenings = {
            "push": Happening(1, self._push, paced=False),
            "tag moved back": Happening(12, self._move_tag_back, paced=False),
            "pod deleted": Happening(10, self._delete_pod),
            "manifest applied": Happening(8, self._apply_again),
            "self-heal": Happening(90, self._self_heal),
            "harmless edit": Happening(30, self._edit_harmlessly),
            "configuration edited": Happening(50, self._edit_configuration),
            "retest": Happening(60, self._retest),
            "digest deployed": Happening(80, self._deploy_digest),
            "failure looked at": Happening(3, self._look_at_failure),
            "API away": Happening(14, self._api_away),
            "registry away": Happening(10, self._registry_away, paced=False),
            "conflict": Happening(10, self._conflict),
            "process killed": Happening(10, self._kill),
            "killed at an effect": Happening(3, self._kill_at_effect),
            "machine restarted": Happening(40, self._reboot),
            "power cut": Happening(120, self._power_cut),
            "machine cut off": Happening(24, self._cut_off),
            "probe pod deleted": Happening(24, self._delete_probe),
            "clock set": Happening(60, self._set_clock),
        }
        for name, happening in happenings.items():
            self._plan(name, happening, random.Random(f"{seed} {name}"))

    def _plan(self, name: str, happening: Happening, draw: random.Random) -> None:
        pace = self._pace() if happening.paced else 1.0

        def happen() -> None:
            happening.act()
            self._plan(name, happening, draw)

        self._world.simulation.after(draw.expovariate(pace / (happening.hours * HOUR)), happen)

    def _pace(self) -> float:
        day = int(self._world.simulation.now // (24 * HOUR))
        return random.Random(f"{self._seed} day {day}").choice(PACES)

    # Images.

    def _push(self) -> None:
        image = self._world.images.push()
        self._world.counts["pushes"] += 1
        self._world.counts["broken pushes"] += image.kind.value != "good"
        self._world.server.probe_looks = self._draw.choice((0, 1, 3, 40))
        self._world.tell(f"image {image.number} ({image.kind.value}) is pushed")

    def _move_tag_back(self) -> None:
        self._world.tell(f"the tag names image {self._world.images.move_back().number} again")

    # People.

    def _apply_again(self) -> None:
        """As it is in Git: with the tag, and perhaps without our annotations."""
        metadata: JsonObject = {}
        if self._draw.random() < 0.3:
            ours = (names.VERSIONS_ANNOTATION, names.TRACKED_TAG_ANNOTATION)
            metadata = {"annotations": dict.fromkeys(ours)}
        self._edit("the manifest is applied again", {}, metadata, image=FLOATING)

    def _self_heal(self) -> None:
        """GitOps reverts the pin for some minutes, as often as it is made."""
        for turn in range(self._draw.randint(2, 8)):
            self._world.simulation.after(turn * 90.0, self._apply_again)

    def _edit_harmlessly(self) -> None:
        self._edit("the log level is edited", {"AVAGO_LOG_LEVEL": f"level-{self._draw.random():.6f}"}, {})

    def _edit_configuration(self) -> None:
        self._world.invariants.asked = self._world.simulation.now
        template = self._world.server.set["spec"]["template"]
        other = "false" if config_of(template) == "true" else "true"
        image = FLOATING if self._draw.random() < 0.5 else None
        self._edit("the configuration is edited", {PARTIAL_SYNC: other}, {}, image=image)

    def _retest(self) -> None:
        self._world.invariants.asked = self._world.simulation.now
        nonce = f"nonce-{self._draw.randrange(10**6)}"
        self._edit("a retest is asked for", {}, {"annotations": {names.RETEST_ANNOTATION: nonce}})

    def _deploy_digest(self) -> None:
        self._world.invariants.asked = self._world.simulation.now
        self._edit("an image is deployed by its digest", {}, {}, image=self._world.images.tag.pinned)

    def _look_at_failure(self) -> None:
        """A failed test that holds the rig is over when somebody has seen it."""
        test = self._world.invariants.current
        if self._world.settings.on_failure is OnFailure.HOLD and test and test.verdict == "failed":
            self._deploy_digest()

    def _edit(self, what: str, env: dict[str, str], metadata: JsonObject, *, image: str | None = None) -> None:
        self._trouble(what)
        node: JsonObject = {"name": NODE, "env": [{"name": name, "value": value} for name, value in env.items()]}
        if image:
            node["image"] = image
        self._world.server.edit({"spec": {"template": {"metadata": metadata, "spec": {"containers": [node]}}}})

    def _delete_pod(self) -> None:
        if POD in self._world.server.pods:
            self._trouble("somebody deletes the pod")
            self._world.server.begin_deletion()

    def _delete_probe(self) -> None:
        for probe in self._world.server.probes():
            self._trouble("somebody deletes the probe pod")
            self._world.server.remove(probe["metadata"]["name"])

    def _conflict(self) -> None:
        self._world.disturb()
        self._world.before_patch = [self._world.server.bump] * self._draw.choice((1, 2, 12))

    # Machines and servers.

    def _kill(self) -> None:
        self._trouble("the program is killed")
        self._world.run.kill_process()

    def _kill_at_effect(self) -> None:
        self._world.kill_in = self._draw.randint(1, 12)
        self._world.kill_by = self._draw.choice((Killed, Killed, Terminated))

    def _reboot(self) -> None:
        self._trouble("the machine restarts")
        self._world.run.reboot()

    def _power_cut(self) -> None:
        """The worst of it: the details file is in pieces. The test cannot go on then."""
        if details := self._world.volume.details:
            self._world.invariants.asked = self._world.simulation.now
            self._trouble("a power cut damages the details")
            self._world.volume.details = details[: self._draw.randrange(len(details))]
            self._world.run.reboot()

    def _cut_off(self) -> None:
        run = self._world.run
        if run.node and run.process and POD in self._world.server.pods:
            self._world.disturb()
            self._world.cut_off(self._draw.uniform(5, 45) * MINUTE)
            if self._draw.random() < 0.5:
                self._world.simulation.after(5 * MINUTE, self._edit_harmlessly)

    def _api_away(self) -> None:
        seconds = self._draw.choice((20.0, 60.0, 10 * MINUTE, 30 * MINUTE)) * self._draw.uniform(0.5, 1)
        kind = self._world.api_faults.begin(self._world.simulation.now, seconds)
        self._trouble(f"the API server: {kind} for {seconds:.0f} s")

    def _registry_away(self) -> None:
        seconds = self._draw.choice((MINUTE, 20 * MINUTE, 3 * HOUR)) * self._draw.uniform(0.5, 1)
        kind = self._world.registry_faults.begin(self._world.simulation.now, seconds)
        self._world.tell(f"the registry: {kind} for {seconds:.0f} s")

    def _set_clock(self) -> None:
        by = timedelta(seconds=self._draw.uniform(-300, 300))
        self._trouble(f"the clock is set: by {by.total_seconds():.0f} s")
        self._world.simulation.jumped += by

    def _trouble(self, what: str) -> None:
        self._world.counts[what.partition(":")[0].partition(" by ")[0]] += 1
        self._world.tell(what)
        self._world.disturb()
