"""Somebody edited the template while a test runs: what the sidecar does about it.

A controller does not replace a pod that is not Ready, whatever the template says, and a bootstrapping node may not be
Ready for weeks.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from bootstrap_monitor.core import attempts, names, pod
from bootstrap_monitor.core import image as image_reference
from bootstrap_monitor.core.attempts import AttemptKind, AttemptLimit
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.stateful_set import StatefulSet
from bootstrap_monitor.errors import ConfigurationError


class Drift(Enum):
    """How the own pod stands to its template; the value is a sentence for the log."""

    IN_STEP = "the pod is made from the template"
    """Or the controller has not seen the newest yet; or pods are replaced by hand (OnDelete)."""
    HELD_BACK = (
        "updateStrategy.rollingUpdate.partition is above this pod's ordinal: no new image can reach it; "
        "set the partition to 0"
    )
    TAG_PUT_BACK = "the running test's floating tag is back in the template"
    """And nothing else changed: pin it again, in place, without a restart."""
    EDITED = "the template was edited"
    """Delete the own pod without patching; ``init`` decides."""
    TUG_OF_WAR = (
        "the template was pinned, or this pod replaced, too often in the last minutes, and somebody reverts it each "
        "time (GitOps self-heal, a webhook): leaving it alone; the test goes on"
    )


@dataclass(frozen=True, slots=True)
class DriftWorld:
    """Everything that the answer rests on."""

    pod: JsonObject
    stateful_set: StatefulSet
    container: str
    tracked_tag: str | None
    """The running test's; ``None`` where it is not known: any tag may be it."""
    limit: AttemptLimit
    now: datetime


def assess(world: DriftWorld) -> Drift:
    """One of :class:`Drift`."""
    stateful_set = world.stateful_set
    ordinal = pod.ordinal(pod.name(world.pod), stateful_set.name) or 0
    if stateful_set.keeps_old(ordinal):
        return Drift.HELD_BACK
    if not (stateful_set.rolls_by_itself and stateful_set.has_newer_template_than(pod.revision(world.pod))):
        return Drift.IN_STEP
    put_back = _only_tag_put_back(world)
    kind = AttemptKind.PIN if put_back else AttemptKind.SELF_DELETION
    tried = attempts.parse(stateful_set.annotation(names.PIN_ATTEMPTS_ANNOTATION))
    if world.limit.reached(tried, kind, world.now):
        return Drift.TUG_OF_WAR
    return Drift.TAG_PUT_BACK if put_back else Drift.EDITED


def _only_tag_put_back(world: DriftWorld) -> bool:
    """Whether the template is what the pod was made from, but for the node's image, which lost its digest.

    A field that somebody removed and that admission may add to pods is not seen here; then the pin alone does not
    bring the pod in step, and the next look finds it :attr:`Drift.EDITED`.
    """
    template = copy.deepcopy(world.stateful_set.template)
    node = pod.container(template, world.container) or {}
    own_image = (pod.container(world.pod, world.container) or {}).get("image")
    if not _tag_of_test(str(node.get("image", "")), str(own_image), world.tracked_tag):
        return False
    node["image"] = own_image
    wanted, actual = template.get("metadata") or {}, world.pod["metadata"]
    annotations = dict(wanted.get("annotations") or {})
    for ours in (names.VERSIONS_ANNOTATION, names.TRACKED_TAG_ANNOTATION):
        annotations.pop(ours, None)
    return (
        _covers(world.pod.get("spec"), template.get("spec"))
        and _covers(actual.get("annotations") or {}, annotations)
        and _covers(actual.get("labels") or {}, wanted.get("labels") or {})
    )


def _tag_of_test(template_image: str, own_image: str, tracked_tag: str | None) -> bool:
    try:
        template, own = image_reference.parse(template_image), image_reference.parse(own_image)
    except ConfigurationError:
        return False
    return not template.pinned and template.same_repository(own) and tracked_tag in {None, template.effective_tag}


def _covers(actual: Any, wanted: Any) -> bool:
    """Whether ``actual`` is ``wanted`` plus what admission adds: defaults, tokens' mounts, injected containers."""
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and all(_covers(actual.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(actual, list):
            return False
        if all(isinstance(item, dict) for item in wanted):
            return _covers_in_order(actual, wanted)
        return actual == wanted
    return bool(actual == wanted)


def _covers_in_order(actual: Sequence[Any], wanted: Sequence[Any]) -> bool:
    """Each wanted item is covered by an actual one, in the same order."""
    rest = iter(actual)
    return all(any(_covers(item, one) for item in rest) for one in wanted)
