"""What ``init`` can do. The decision names one of these; the command carries it out."""

from __future__ import annotations

from dataclasses import dataclass

from bootstrap_monitor.core.details import Details
from bootstrap_monitor.core.image import ImageReference
from bootstrap_monitor.core.node_data import NodeData
from bootstrap_monitor.errors import ExitCode


@dataclass(frozen=True, slots=True)
class WaitForTermination:
    """Do nothing until SIGTERM."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End with this code and these diagnostics."""

    exit_code: ExitCode
    check: str = ""
    do: str = ""


@dataclass(frozen=True, slots=True)
class DeleteOwnPod:
    """Record the attempt, delete the own pod, wait for SIGTERM."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Pin the template to ``image`` and delete the own pod.

    ``image`` is what a probe runs first, unless it has a digest and ``versions`` are known.
    """

    image: ImageReference
    tracked_tag: str
    versions: str | None = None

    @property
    def needs_probe(self) -> bool:
        """Whether digest or versions are still to be found out."""
        return not (self.image.pinned and self.versions)


@dataclass(frozen=True, slots=True)
class StartTest:
    """Remove the details, clear the node's data, restore it from an archive if there is one, write these details."""

    details: Details
    test: str
    """What a restore is marked with."""
    places: NodeData
    """What is cleared."""
    set_aside: bool = False
    """Whether the old file is kept for a person to look at."""
    going_on: bool = False
    """Whether the volume holds, whole or in part, what is restored for this test: nothing is cleared then."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Leave the data as it is. ``filled`` is the file with what it lacked, where it lacked something."""

    details: Details
    filled: Details | None = None


Act = WaitForTermination | Stop | DeleteOwnPod | Pin | StartTest | Resume


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do and why: a CamelCase code for machines, a sentence for people."""

    reason: str
    message: str
    act: Act
