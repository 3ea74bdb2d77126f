"""What there is to be seen: one look at everything, as a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_DIGEST = re.compile("(sha256:[0-9a-f]{8})[0-9a-f]{56}")


@dataclass(frozen=True)
class Pod:
    """As `kubectl get pods` shows it."""

    name: str
    uid: str
    ready: str
    status: str
    restarts: int
    age_seconds: float
    image: str
    """Of the node's container; of the only one in a probe pod."""
    runs: bool
    """Whether that container does, and is not asked to end."""


@dataclass(frozen=True)
class Node:
    """What the node tells of itself."""

    heights: Mapping[str, int]
    """By chain."""
    bootstrapping: tuple[str, ...]
    """The ids of the networks that are not done."""
    healthy: bool


@dataclass(frozen=True)
class Disk:
    """Bytes: of the test's data, and what is left for them."""

    used: int
    free: int


@dataclass(frozen=True)
class Result:
    """A test's stored outcome."""

    image: str
    start: str
    verdict: str
    reason: str
    message: str
    seconds: float
    disk_bytes: int | None


@dataclass(frozen=True)
class Logged:
    """A line of the monitor's log."""

    time: str
    uid: str
    container: str
    level: str
    message: str
    start: str | None = None
    """Of the test, where the line tells it."""
    details: str = ""


@dataclass(frozen=True)
class State:
    """One look at everything."""

    pods: tuple[Pod, ...] = ()
    image: str = ""
    """The node's, in the template."""
    tag: str = ""
    """The one that is followed."""
    node: Node | None = None
    disk: Disk | None = None
    results: tuple[Result, ...] = ()
    """Newest first."""
    log: tuple[Logged, ...] = field(default=(), repr=False)
    """Oldest first."""

    @property
    def pod(self) -> Pod | None:
        """The one that runs the test."""
        return next((pod for pod in self.pods if not pod.name.endswith("-image-probe")), None)

    @property
    def start(self) -> str | None:
        """Of the test that the present pod runs, as its sidecar has read it from the volume."""
        return next((line.start for line in reversed(self.log) if line.uid == self.uid and line.start), None)

    @property
    def uid(self) -> str:
        """Of the pod that runs the test."""
        return self.pod.uid if self.pod else ""

    @property
    def pinned(self) -> bool:
        """Whether the template names a digest."""
        return "@sha256:" in self.image

    @property
    def result(self) -> Result | None:
        """Of the test that runs."""
        return next((one for one in self.results if one.start == self.start), None)


def short(image: str) -> str:
    """An image by the beginning of its digest, or by its tag."""
    _, at, digest = image.partition("@")
    return shortened(digest) if at else f":{image.rpartition(':')[2]}"


def shortened(text: str) -> str:
    """With the beginnings of its digests."""
    return _DIGEST.sub(r"\1", text)
