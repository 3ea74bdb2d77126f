"""What has to hold at every moment, checked with each fact that the world tells. The world knows what is true."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.results import MAX_BYTES, MAX_ENTRIES
from tests.soak.images import Image, Kind
from tests.soak.simulation import HOUR

REMEMBERED = 60
REQUESTS_AN_HOUR = 600
"""Of each process, but for the looks at a probe pod, one a second."""
PROBE_LOOKS_AN_HOUR = 3700
PROBE_SECONDS = 600.0
"""Longer than a probe may take, with all its retries."""
REASONS = {
    Kind.GOOD: frozenset[str](),
    Kind.CRASHES: frozenset({"CrashLoop"}),
    Kind.STALLS: frozenset({"Stalled"}),
    Kind.UNHEALTHY: frozenset({"Unhealthy"}),
    Kind.LATE: frozenset({"Stalled"}),
    Kind.NOT_PULLED: frozenset({"NodeNotStarted"}),
    Kind.VANISHES: frozenset({"NodeNotStarted"}),
}


class Violation(BaseException):
    """An invariant does not hold. Not an ``Exception``: no handler of the program may swallow it."""


@dataclass
class Test:
    """A test as the world knows it: what was in the pod when ``init`` wrote its details."""

    __test__ = False

    start: str
    image: Image
    config: str
    nonce: str
    begun: float
    verdict: str = ""
    entry: JsonObject = field(default_factory=dict)
    two_pods: bool = False
    """Whether the sidecar of a pod that was cut off may have reported it, too."""

    @property
    def key(self) -> tuple[str, str]:
        return self.image.digest, self.config


@dataclass
class Invariants:
    """The tests so far, the last few by their start, and what people asked for."""

    now: Callable[[], float]
    tell: Callable[[str], None]
    counts: Counter[str]
    current: Test | None = None
    """Whose data the volume holds, or shall hold."""
    asked: float = -1.0
    """When somebody last asked for another test: by a retest, or an edit of the configuration or the digest."""
    chosen_by_sidecar: str = ""
    """The digest in the template, if the sidecar put it there as the next image."""
    _tests: dict[str, Test] = field(default_factory=dict)
    _verdicts: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=MAX_ENTRIES))
    _probing: dict[str, float] = field(default_factory=dict)
    _requests: Counter[str] = field(default_factory=Counter)
    _hour: int = 0

    def has_verdict(self, image: Image, config: str) -> bool:
        return (image.digest, config) in self._verdicts

    def begun(self, start: str, image: Image, config: str, nonce: str, data: dict[str, str], *, behind: bool) -> None:
        """The details of a test are on the volume. ``behind``: of a pod whose template asks for another already."""
        before = self.current
        if before and before.start == start:
            return  # completed
        test = Test(start, image, config, nonce, self.now())
        asked = before is None or self.asked >= before.begun
        if data:
            raise Violation(f"the test of {_told(test)} begins on data of {sorted(set(data.values()))}")
        if before and not asked and test.key == before.key:
            raise Violation(f"{_told(test)} is tested again, and nobody asked")
        if not asked and self.chosen_by_sidecar == image.digest and test.key in self._verdicts:
            raise Violation(f"{_told(test)} was taken as the next image, and has its verdict")
        if before and not before.verdict:
            self._wiped_running(before)
        if behind and asked:
            self.asked = self.now()
        self.current = self._tests[start] = test
        for old in [*self._tests][:-REMEMBERED]:
            del self._tests[old]
        self.counts["tests begun"] += 1
        self.tell(f"test of {_told(test)} begins")

    def clearing(self, details: bytes | None) -> None:
        """An entry of the volume is removed. ``details`` is the file that is there."""
        self.counts["entries removed"] += 1
        if details is not None:
            raise Violation(f"data is removed while the details say that it is a test's: {details.decode()}")
        if self.current and not self.current.verdict:
            self._wiped_running(self.current)

    def node_starts(self, image: Image, config: str, nonce: str, data: dict[str, str]) -> None:
        test = self.current
        if test is None or test.key != (image.digest, config) or nonce not in {"", test.nonce}:
            raise Violation(f"a node of image {image.number}, {config}, {nonce!r}, starts on the test of {_told(test)}")
        if set(data.values()) - {test.start} or len(data) not in {0, 3}:
            raise Violation(f"the node of {_told(test)} starts on {data or 'nothing'}")
        if data:
            self.counts["starts on own data"] += 1

    def pod_deleted(self, own_uid: str, uid: str, owner: str) -> None:
        """By the program in the pod ``own_uid``. A probe's ``owner`` may be another pod: of an earlier run."""
        if not owner and uid != own_uid:
            raise Violation(f"the program in {own_uid} deletes the pod {uid}")

    def probes(self, number: int) -> None:
        """There are so many probe pods now."""
        if number > 1:
            raise Violation(f"there are {number} probe pods")
        for process, since in self._probing.items():
            if number and self.now() - since > PROBE_SECONDS:
                raise Violation(f"{process} has left its probe pod")

    def ended(self, process: str) -> None:
        """Whoever is killed leaves its probe to the next."""
        self._probing.pop(process, None)

    def request(self, process: str, method: str) -> None:
        if method == "create_pod":
            self.counts["probe pods"] += 1
            self._probing[process] = self.now()
        elif method == "delete_pod":
            self._probing.pop(process, None)
        self.counts["API requests" if method != "registry" else "registry requests"] += 1
        hour = int(self.now() // HOUR)
        if hour != self._hour:
            self._hour = hour
            self._requests.clear()
        kind = "looks at probes" if method == "get_pod" else "requests"
        self._requests[f"{process} {kind}"] += 1
        limit = PROBE_LOOKS_AN_HOUR if method == "get_pod" else REQUESTS_AN_HOUR
        if self._requests[f"{process} {kind}"] > limit:
            raise Violation(f"more than {limit} {kind} in an hour by {process}")

    def stored(self, before: str | None, after: str | None) -> None:
        """The results in the StatefulSet's annotation are others."""
        old, new = _entries(before), _entries(after)
        if len(new) > MAX_ENTRIES or len((after or "").encode()) > MAX_BYTES:
            raise Violation(f"{len(new)} results of {len((after or '').encode())} bytes are stored")
        keys, old_keys = [_key(entry) for entry in new], [_key(entry) for entry in old]
        if len(set(keys)) != len(keys) or not keys:
            raise Violation(f"a test has two results, or all are gone: {keys}")
        kept = [key for key in old_keys if key != keys[0]]
        if keys[1:] != kept[: len(keys) - 1] or (len(keys) < 8 and len(keys) - 1 < len(kept)):
            raise Violation(f"results that were stored are gone: {old_keys} before, {keys} now")
        test = self._tests.get(new[0]["start"])
        if test is None or not new[0]["image"].endswith(test.image.digest):
            raise Violation(f"there is a result of a test that never began: {new[0]}")
        self._verdict(test, new[0])

    def _verdict(self, test: Test, entry: JsonObject) -> None:
        verdict, reason = str(entry["verdict"]), str(entry["reason"])
        kind = test.image.kind
        reasons = REASONS[kind]
        right = kind in {Kind.GOOD, Kind.LATE} if verdict == "passed" else reason in reasons
        if test.two_pods and reasons and verdict == "failed":
            right = True  # the node of the pod that was cut off does not answer any more
        if not right:
            raise Violation(f"{_told(test)} {verdict} ({reason}): {entry['message']}")
        if test.verdict and test.entry != entry and not test.two_pods:
            if (test.verdict, verdict) != ("failed", "passed"):
                raise Violation(f"{_told(test)} has its verdict {test.verdict}, and {verdict} comes after it")
            if "it had failed" not in entry["message"]:
                raise Violation(f"{_told(test)} passes after its failure and does not say so")
        if test.entry != entry:
            self.counts[f"{verdict}: {reason}" + (" after its failure" if test.verdict else "")] += 1
            self.tell(f"test of {_told(test)}: {verdict} ({reason})")
        if not test.verdict:
            self._verdicts.append(test.key)
        test.verdict, test.entry = verdict, entry

    def _wiped_running(self, test: Test) -> None:
        if self.asked < test.begun:
            raise Violation(f"the running test of {_told(test)} is wiped, and nobody asked")


def _told(test: Test | None) -> str:
    return f"image {test.image.number} ({test.image.kind.value}), {test.config}, {test.nonce!r}" if test else "nobody"


def _entries(annotation: str | None) -> list[JsonObject]:
    entries: list[JsonObject] = json.loads(annotation or "[]")
    return entries


def _key(entry: JsonObject) -> tuple[str, str]:
    return str(entry["fingerprint"]), str(entry["start"])
