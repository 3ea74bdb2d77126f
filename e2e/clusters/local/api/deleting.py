"""What DELETE does: preconditions, a pod's grace, and what is left for finalizers."""

from __future__ import annotations

from datetime import datetime, timedelta

from e2e.clusters.local.api.errors import Refusals
from e2e.clusters.local.api.objects import Json, copied, parse_time, timestamp

GRACE_SECONDS = 30


def check_preconditions(old: Json, options: Json, refusals: Refusals) -> None:
    """409 for another uid or resourceVersion than asked for."""
    names = {"uid": ("UID", "deleted and then recreated"), "resourceVersion": ("ResourceVersion", "modified")}
    for field, (label, fate) in names.items():
        wanted, there = (options.get("preconditions") or {}).get(field), old["metadata"][field]
        if wanted not in (None, there):
            compared = f"the {label} in the precondition ({wanted}) does not match the {label} in record ({there})"
            raise refusals.conflict(f"{compared}. The object might have been {fate}")


def terminating(old: Json, options: Json, now: datetime) -> Json:
    """The object with its end set, or ``old`` itself when this DELETE changes nothing.

    A pod's `deletionTimestamp` is the end of its grace. A later DELETE can bring it nearer, never put it off.
    """
    grace = _grace_seconds(old, options) if old["kind"] == "Pod" else 0
    metadata = old["metadata"]
    asked = now
    if "deletionTimestamp" in metadata:
        before = metadata.get("deletionGracePeriodSeconds") or 0
        if grace >= before:
            return old
        asked = parse_time(metadata["deletionTimestamp"]) - timedelta(seconds=before)
    new = copied(old)
    end = timestamp(asked + timedelta(seconds=grace))
    new["metadata"] |= {"deletionTimestamp": end, "deletionGracePeriodSeconds": grace}
    if old["kind"] == "Namespace":
        new["status"]["phase"] = "Terminating"
    return new


def without_owner(body: Json, uid: str) -> Json | None:
    """The object without that owner reference; ``None`` when it has none."""
    references = body["metadata"].get("ownerReferences") or []
    others = [one for one in references if one["uid"] != uid]
    if len(others) == len(references):
        return None
    new = copied(body)
    new["metadata"].pop("ownerReferences")
    if others:
        new["metadata"]["ownerReferences"] = others
    return new


def _grace_seconds(pod: Json, options: Json) -> int:
    """None for a pod on no node, and for one whose containers have ended."""
    if not pod["spec"].get("nodeName") or pod["status"].get("phase") in ("Succeeded", "Failed"):
        return 0
    asked = options.get("gracePeriodSeconds")
    seconds = pod["spec"].get("terminationGracePeriodSeconds", GRACE_SECONDS) if asked is None else asked
    return 1 if seconds < 0 else int(seconds)
