"""The world around the program: an API server with its controller, a machine, a volume, a registry; all in memory."""

from __future__ import annotations

import json
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from bootstrap_monitor.core import names
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.on_failure import OnFailure
from bootstrap_monitor.effects import Moment
from tests.soak.client import LOST, REGISTRY_FAULTS, STATUSES, Client, Faults, RegistryClient
from tests.soak.images import ImageRegistry
from tests.soak.invariants import Invariants, Violation
from tests.soak.kubelet import PodRun
from tests.soak.node import NodeContainer
from tests.soak.program import Program, Surroundings
from tests.soak.server import Server, config_of, nonce_of
from tests.soak.simulation import DAY, KILLED, Process, Simulation
from tests.soak.volume import Mount, Volume
from tests.support.kills import Killed
from tests.support.manifests import NODE, POD, pod_image

CONTROLLER_SECONDS = 0.1
STORY_LINES = 60


@dataclass(frozen=True)
class Settings:
    """How one rig is deployed, and how bad its images are."""

    on_failure: OnFailure
    policy: str
    registry_check: bool
    broken_share: float

    @classmethod
    def drawn(cls, draw: random.Random) -> Settings:
        return cls(
            on_failure=draw.choice((OnFailure.NEXT, OnFailure.NEXT, OnFailure.NEXT, OnFailure.HOLD)),
            policy=draw.choice(("OrderedReady", "OrderedReady", "Parallel")),
            registry_check=draw.random() < 0.75,
            broken_share=draw.choice((0.1, 0.1, 0.1, 0.4)),
        )


class World:
    """Everything, at one moment; ``simulation.run`` lets it go on."""

    def __init__(self, seed: int, program: Program) -> None:
        self.simulation = Simulation()
        self.draw = random.Random(f"{seed} world")
        self.settings = Settings.drawn(self.draw)
        self.program = program
        self.counts: Counter[str] = Counter()
        self.story: deque[str] = deque(maxlen=STORY_LINES)
        self.invariants = Invariants(lambda: self.simulation.now, self.tell, self.counts)
        self.images = ImageRegistry(random.Random(f"{seed} images"), self.settings.broken_share)
        self.volume = Volume()
        self.api_faults = Faults(self.draw, (*STATUSES, *LOST), happened=self.disturb)
        self.registry_faults = Faults(self.draw, tuple(REGISTRY_FAULTS), share=0.01)
        self.disturbed = 0.0
        """When something last came in the program's way."""
        self.before_patch: list[Callable[[], None]] = []
        """What happens right before the next patch."""
        self.kill_in = 0
        """At which of the next moments before and after an effect the program is killed; 0: at none."""
        self.kill_by: type[BaseException] = Killed
        self.server = Server(self.images, policy=self.settings.policy, changed=self._template_changed)
        self.server.on_delete = lambda pod: self.run.terminate()
        self.server.node_log = "the node's last words, many of them\n" * 150
        self.server.previous_log = self.server.node_log
        self.run = PodRun(self, self.server.pod)

    def tell(self, what: str) -> None:
        now = self.simulation.now
        hours, rest = divmod(int(now % DAY), 3600)
        self.story.append(f"day {self.day} {hours:02}:{rest // 60:02}:{rest % 60:02}  {what}")

    @property
    def day(self) -> int:
        """From 1."""
        return int(self.simulation.now // DAY) + 1

    def disturb(self) -> None:
        self.disturbed = self.simulation.now

    def look_at_probes(self) -> None:
        self.invariants.probes(len(self.server.probes()))

    # The machine.

    def run_init(self, run: PodRun, process: Process) -> None:
        self.program.init(self._surroundings(run, process, "init")).run()

    def run_sidecar(self, run: PodRun, process: Process) -> None:
        self.counts["sidecar starts"] += 1
        self.program.sidecar(self._surroundings(run, process, "sidecar")).run()

    def node_container(self, run: PodRun) -> NodeContainer:
        image = self.images.image(pod_image(run.pod))

        def starts() -> None:
            self.invariants.node_starts(image, config_of(run.pod), nonce_of(run.pod), self.volume.data)

        return NodeContainer(
            self.simulation,
            self.draw,
            self.volume,
            image,
            test=lambda: self.invariants.current.start if self.invariants.current else "",
            started=starts,
            changed=lambda: self.show_status(run),
        )

    def show_status(self, run: PodRun) -> None:
        pod = self.server.pods.get(POD)
        if pod and pod["metadata"]["uid"] == run.uid:
            pod["status"] = run.status()

    def ended(self, run: PodRun, command: str, code: int) -> None:
        self.tell(f"{command} of {run.uid} ends with {code}")
        self.counts[f"{command} ends with {code}"] += 1
        self.invariants.ended(f"{command} of {run.uid}")
        if code == KILLED:
            self.disturb()

    def gone(self, run: PodRun) -> None:
        self.server.settle()
        self._next_pod()

    def cut_off(self, seconds: float) -> None:
        """The pod's machine is out of reach; somebody removes the pod, and it comes anew elsewhere."""
        self.tell(f"the machine of {self.run.uid} is out of reach for {seconds:.0f} s; the pod is removed by force")
        self.run.cut(seconds)
        if self.invariants.current:
            self.invariants.current.two_pods = True
        self.server.remove(POD)
        self.server.settle()
        self._next_pod()

    def _next_pod(self) -> None:
        self.counts["pods"] += 1
        self.run = PodRun(self, self.server.pod)
        self.tell(f"pod {self.run.uid} of {_short(pod_image(self.server.pod))}, {config_of(self.server.pod)}")

    def _template_changed(self) -> None:
        self.simulation.after(CONTROLLER_SECONDS, self._control)

    def _control(self) -> None:
        self.server.observe()
        node = self.run.node
        if self.server.replaceable(ready=bool(node and node.healthy)):
            self.tell("the controller replaces the pod")
            self.server.begin_deletion()

    # What a process has.

    def _surroundings(self, run: PodRun, process: Process, command: str) -> Surroundings:
        def moment(name: str, when: Moment) -> None:
            self._moment(f"{command} of {run.uid}, {when} {name}")

        def asked(method: str) -> None:
            self.invariants.request(f"{command} of {run.uid}", method)
            if method == "patch_stateful_set" and self.before_patch:
                self.before_patch.pop()()
            if method == "create_pod":
                self.simulation.after(1.0, self.look_at_probes)

        def written(content: bytes) -> None:
            details = json.loads(content)
            image = self.images.image(details["image"])
            config, nonce = config_of(run.pod), nonce_of(run.pod)
            template = self.server.set["spec"]["template"]
            wanted = pod_image(template).partition("@")[2] or image.digest
            behind = (image.digest, config, nonce) != (wanted, config_of(template), nonce_of(template))
            self.invariants.begun(details["startTime"], image, config, nonce, self.volume.data, behind=behind)

        def clearing() -> None:
            self.invariants.clearing(self.volume.details)

        def patched(before: JsonObject, after: JsonObject) -> None:
            self._patched(f"{command} of {run.uid}", before, after)

        mount = Mount(self.volume, moment, written=written, clearing=clearing)
        client = Client(
            self.server,
            process,
            self.api_faults,
            moment,
            asked,
            deleted=lambda pod: self._deleted(command, run, pod),
            patched=patched,
        )
        registry = RegistryClient(self.images, process, self.registry_faults, asked)
        return Surroundings(
            process=process,
            api=client,
            store=mount,
            clear=mount.clear,
            registry=registry if self.settings.registry_check else None,
            node=run.node,
            on_failure=self.settings.on_failure,
            draw=self.draw,
        )

    def _moment(self, what: str) -> None:
        if self.kill_in:
            self.kill_in -= 1
            if not self.kill_in:
                self.tell(f"{self.kill_by.__name__}: {what}")
                self.disturb()
                raise self.kill_by

    def _deleted(self, command: str, run: PodRun, pod: JsonObject) -> None:
        uid, owners = pod["metadata"]["uid"], pod["metadata"]["ownerReferences"]
        owner = next((owner["uid"] for owner in owners if owner["kind"] == "Pod"), "")
        self.invariants.pod_deleted(run.uid, uid, owner)
        if not owner:
            self.tell(f"{command} deletes {uid}")

    def _patched(self, who: str, before: JsonObject, after: JsonObject) -> None:
        old, new = (pod_image(item["spec"]["template"]) for item in (before, after))
        if old != new:
            self.tell(f"{who} pins {_short(new)} over {_short(old)}")
            self.counts["pins"] += 1
            if [item["name"] for item in after["spec"]["template"]["spec"]["containers"]] != ["monitor", NODE]:
                raise Violation("the template's containers are others")
            self.invariants.chosen_by_sidecar = new.partition("@")[2] if "@" in old else ""
        was, now = (
            (item["metadata"].get("annotations") or {}).get(names.RESULTS_ANNOTATION) for item in (before, after)
        )
        if was != now:
            self.invariants.stored(was, now)


def _short(image: str) -> str:
    """An image reference for people."""
    digest = image.partition("@sha256:")[2]
    return f"image {int(digest, 16)}" if digest else "the tag"
