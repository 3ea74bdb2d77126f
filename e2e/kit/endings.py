"""How containers ended, by the cluster's own records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from e2e.kit.api import Json
from e2e.kit.rig import Rig


@dataclass(frozen=True)
class Ending:
    """The end of a container whose pod was deleted."""

    exit_code: int
    seconds: float
    """From the request to delete the pod. The records have a resolution of one second."""


def until_ended(rig: Rig, container: str, exit_code: int, *, pod: str = "", count: int = 1) -> list[Json]:
    """At least so many runs of the container that ended with this code; of the first pod, or of another."""

    def look() -> list[Json] | None:
        ended = rig.history.endings(pod or rig.pod_name, container)
        found = [one for one in ended if one["exitCode"] == exit_code]
        return found if len(found) >= count else None

    return rig.until(look, f"{count} x exit code {exit_code} of {pod or rig.pod_name}/{container}")


def ending_by_deletion(rig: Rig, uid: str, container: str) -> Ending:
    """Of that life of a pod, which somebody has deleted; waits until it is gone."""

    def look() -> Ending | None:
        states = [state for state in rig.history.states() if state.uid == uid and state.deletion_time]
        ended = next(filter(None, (state.terminated(container) for state in reversed(states))), None)
        if not ended or states[-1].event != "DELETED":
            return None
        metadata = states[0].pod["metadata"]
        grace = timedelta(seconds=metadata["deletionGracePeriodSeconds"])
        requested = datetime.fromisoformat(metadata["deletionTimestamp"]) - grace
        finished = datetime.fromisoformat(ended["finishedAt"])
        return Ending(ended["exitCode"], (finished - requested).total_seconds())

    return rig.until(look, f"the end of {container} in the deleted pod {uid}")
