"""The soak finds what it is for: each of these programs has one bug, and breaks an invariant within a few seeds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bootstrap_monitor.commands import init, wait
from bootstrap_monitor.core import names
from bootstrap_monitor.core.details import Details
from bootstrap_monitor.core.image import ImageReference
from bootstrap_monitor.core.init_acts import StartTest
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.on_failure import OnFailure
from bootstrap_monitor.core.running_test import RunningTest
from bootstrap_monitor.core.stateful_set import StatefulSet
from bootstrap_monitor.core.test_config import TestConfig
from bootstrap_monitor.steps.image_discovery import Discovery, ImageDiscovery
from bootstrap_monitor.steps.starting import Volume
from tests.soak.client import Client
from tests.soak.program import Program, Surroundings
from tests.soak.run import SoakError, run
from tests.soak.volume import Mount
from tests.support.manifests import POD

DAYS = 14
SEEDS = range(1, 6)


@dataclass
class Wrapped:
    """Stands before ``inner``: what a subclass defines is the bug, all else goes through."""

    inner: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def with_api(bug: Callable[[Client], Any]) -> Program:
    """The program on an API that has the bug."""

    class Buggy(Program):
        def init(self, around: Surroundings) -> init.Init:
            return super().init(replace(around, api=bug(around.api)))

        def sidecar(self, around: Surroundings) -> wait.Sidecar:
            return super().sidecar(replace(around, api=bug(around.api)))

    return Buggy()


def with_store(bug: Callable[[Mount], Any]) -> Program:
    class Buggy(Program):
        def init(self, around: Surroundings) -> init.Init:
            return super().init(replace(around, store=bug(around.store)))

        def sidecar(self, around: Surroundings) -> wait.Sidecar:
            return super().sidecar(replace(around, store=bug(around.store)))

    return Buggy()


class ImageOnly(Wrapped):
    """Details that remember the image alone: a test in another configuration resumes."""

    def read(self) -> bytes | None:
        content = self.inner.read()
        if content is None:
            return None
        details = json.loads(content)
        return json.dumps({**details, "fingerprint": {"image": details["fingerprint"]["image"]}}).encode()


class VerdictInMemory(Wrapped):
    """Results are never stored."""

    def patch_stateful_set(self, name: str, patch: JsonObject, *, strategic: bool) -> JsonObject:
        if names.RESULTS_ANNOTATION in _annotations(patch):
            return dict(self.inner.read_stateful_set(name))
        return dict(self.inner.patch_stateful_set(name, patch, strategic=strategic))


class AnyPodOfTheName(Wrapped):
    """Deletes without a precondition."""

    def delete_pod(self, name: str, *, uid: str | None = None, grace_seconds: int | None = None) -> None:
        self.inner.delete_pod(name, grace_seconds=grace_seconds)


class ProbePodsStay(Wrapped):
    def delete_pod(self, name: str, *, uid: str | None = None, grace_seconds: int | None = None) -> None:
        if name == POD or uid is None:
            self.inner.delete_pod(name, uid=uid, grace_seconds=grace_seconds)


class ResultsWithoutEnd(Wrapped):
    """What was cut off from the results is put back."""

    def patch_stateful_set(self, name: str, patch: JsonObject, *, strategic: bool) -> JsonObject:
        stored = _annotations(self.inner.read_stateful_set(name)).get(names.RESULTS_ANNOTATION)
        new = _annotations(patch).get(names.RESULTS_ANNOTATION)
        if stored and new:
            entries, old = json.loads(new), json.loads(stored)
            starts = {entry["start"] for entry in entries}
            entries += [entry for entry in old if entry["start"] not in starts]
            patch["metadata"]["annotations"][names.RESULTS_ANNOTATION] = json.dumps(entries)
        return dict(self.inner.patch_stateful_set(name, patch, strategic=strategic))


class ForgetsItsVerdict(Wrapped):
    """A sidecar that starts anew does not find the result that is stored."""

    _first = True

    def read_stateful_set(self, name: str) -> JsonObject:
        answer = dict(self.inner.read_stateful_set(name))
        if self._first:
            _annotations(answer).pop(names.RESULTS_ANNOTATION, None)
        self._first = False
        return answer


class ForgetsWhatRuns(Wrapped):
    """Details without the test's repository and image, where they are to tell which digest to pin again."""

    def read(self) -> bytes | None:
        content = self.inner.read()
        if content is None:
            return None
        return json.dumps({**json.loads(content), "trackedTag": "another"}).encode()


class DetailsFirst(Program):
    """Writes the details before it clears."""

    def volume(self, around: Surroundings) -> Volume:
        made = super().volume(around)
        return _EarlyDetails(*(getattr(made, name) for name in made.__dataclass_fields__))


class _EarlyDetails(Volume):
    def start(self, start: StartTest, config: TestConfig) -> Details:
        self.details.write(start.details.encode())
        self.clear(Path("/data"), "avalanchego", keep=frozenset(), progress=lambda entries: None)
        return start.details


class DetailsNotRemoved(Program):
    """Clears first: until then, the volume is said to be the old test's."""

    def volume(self, around: Surroundings) -> Volume:
        made = super().volume(around)
        return _LateDetails(*(getattr(made, name) for name in made.__dataclass_fields__))


class _LateDetails(Volume):
    def start(self, start: StartTest, config: TestConfig) -> Details:
        self.clear(Path("/data"), "avalanchego", keep=frozenset(), progress=lambda entries: None)
        self.details.write(start.details.encode())
        return start.details


class TakesTestedImages(Program):
    """The next image is taken, whether or not it has its verdict."""

    def sidecar(self, around: Surroundings) -> wait.Sidecar:
        made = super().sidecar(around)
        discovery = made.discovery
        made.discovery = _WithoutResults(*(getattr(discovery, name) for name in discovery.__dataclass_fields__))
        return made


class _WithoutResults(ImageDiscovery):
    def look(self, image: ImageReference, test: RunningTest, stateful_set: StatefulSet) -> Discovery:
        return super().look(image, test, StatefulSet({**stateful_set.json, "metadata": {"name": stateful_set.name}}))


class HoldsAfterFailures(Program):
    """A broken image holds the rig, also where that is not asked for."""

    def sidecar(self, around: Surroundings) -> wait.Sidecar:
        return super().sidecar(replace(around, on_failure=OnFailure.HOLD))


class AsksAllTheTime(Program):
    def sidecar(self, around: Surroundings) -> wait.Sidecar:
        made = super().sidecar(around)
        made.options = replace(made.options, health_check_interval=timedelta(seconds=5))
        return made


class LeavesTheTag(Program):
    """Does not pin again what a manifest has put back."""

    def sidecar(self, around: Surroundings) -> wait.Sidecar:
        made = super().sidecar(around)
        return _LeavesTheTag(*(getattr(made, name) for name in made.__dataclass_fields__))


class _LeavesTheTag(wait.Sidecar):
    def _pin_in_place(self, stateful_set: StatefulSet) -> None:
        """Nothing."""


BUGS: dict[str, tuple[Program, str]] = {
    "resumes by the image alone": (with_store(ImageOnly), "starts on the test of"),
    "verdict in memory only": (with_api(VerdictInMemory), "is wiped, and nobody asked"),
    "deletes whichever pod has the name": (with_api(AnyPodOfTheName), "deletes the pod"),
    "probe pods stay": (with_api(ProbePodsStay), "has left its probe pod"),
    "results without end": (with_api(ResultsWithoutEnd), "results of"),
    "verdict forgotten by a restart": (with_api(ForgetsItsVerdict), "comes after it"),
    "pins what the tag names now": (with_store(ForgetsWhatRuns), "is wiped, and nobody asked"),
    "details written before the clearing": (DetailsFirst(), "begins on data"),
    "details not removed before the clearing": (DetailsNotRemoved(), "data is removed while"),
    "tests what has its verdict": (TakesTestedImages(), "has its verdict"),
    "a broken image holds": (HoldsAfterFailures(), "gets its turn"),
    "asks all the time": (AsksAllTheTime(), "requests in an hour"),
    "pin not put back": (LeavesTheTag(), "the pin is put back"),
}


@pytest.mark.parametrize(("program", "told"), BUGS.values(), ids=BUGS)
def test_is_found(program: Program, told: str) -> None:
    with pytest.raises(SoakError, match=told):
        _run_seeds(program)


def _run_seeds(program: Program) -> None:
    for seed in SEEDS:
        run(seed, DAYS, program)


def _annotations(obj: JsonObject) -> JsonObject:
    annotations: JsonObject = (obj.get("metadata") or {}).get("annotations") or {}
    return annotations
