"""Bring the own pod to another template: pin it, see it observed, delete the own pod, wait for the end."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import NoReturn, Protocol

from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core import attempts, names, patches, pod
from bootstrap_monitor.core.attempts import AttemptKind, AttemptLimit
from bootstrap_monitor.core.image import ImageReference
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.stateful_set import StatefulSet
from bootstrap_monitor.errors import Conflict, DeadlineExceeded, NotFound, TransientError
from bootstrap_monitor.log import fields
from bootstrap_monitor.steps.guarded_patch import PatchApi, guarded_patch
from bootstrap_monitor.timings import (
    OBSERVED_POLL_SECONDS,
    OBSERVED_TIMEOUT_SECONDS,
    PIN_WINDOW,
    PINS_PER_WINDOW,
    TERMINATION_TIMEOUT_SECONDS,
)

log = logging.getLogger(__name__)

LIMIT = AttemptLimit(PINS_PER_WINDOW, PIN_WINDOW)


class Superseded(TransientError):  # noqa: N818
    """The template is no longer the one that the decision was made on."""


class LeaveTimeout(DeadlineExceeded):
    """The own pod was deleted, and its SIGTERM did not come."""


class DeleteApi(Protocol):
    """What leaving needs."""

    def delete_pod(self, name: str, *, uid: str | None = None, grace_seconds: int | None = None) -> None: ...


def pin(
    api: PatchApi,
    clock: Clock,
    decided_on: StatefulSet,
    *,
    container: str,
    image: ImageReference,
    versions: str,
    tracked_tag: str,
    counted: bool,
) -> StatefulSet:
    """Patch the template's image, versions and tag; ``counted`` records the attempt in the same write.

    :raises Superseded: the template's image is not the one that was decided on.
    """
    now = clock.now()

    def patch(current: StatefulSet) -> JsonObject:
        found, expected = current.template_image(container), decided_on.template_image(container)
        if found is None or found != expected:
            raise Superseded(f"the template's image is now `{found}`; the decision was made on `{expected}`")
        return patches.pin(
            current,
            container=container,
            image=str(image),
            versions=versions,
            tracked_tag=tracked_tag,
            attempts=_recorded(current, AttemptKind.PIN, now) if counted else None,
        )

    log.info(
        "Updating the StatefulSet with the image's details",
        extra=fields(image=str(image), versions=versions, trackedTag=tracked_tag),
    )
    return guarded_patch(api, clock, decided_on.name, patch, strategic=True)


def record_self_deletion(api: PatchApi, clock: Clock, name: str) -> StatefulSet:
    """Count a deletion before it: the pod that comes after reads it."""
    now = clock.now()  # of all tries: one whose answer was lost is not counted again
    return guarded_patch(
        api,
        clock,
        name,
        lambda current: patches.attempts(current, _recorded(current, AttemptKind.SELF_DELETION, now)),
    )


def await_observed(api: PatchApi, clock: Clock, patched: StatefulSet) -> None:
    """Wait until the controller has seen the patch: a pod deleted before may come back with the old template.

    Bounded: a controller that is away makes the new pod, when it is back, with the new template.
    """
    deadline = clock.monotonic() + OBSERVED_TIMEOUT_SECONDS
    current = patched
    while not (current.observed and current.generation >= patched.generation):
        if clock.monotonic() >= deadline:
            log.warning(
                "The StatefulSet controller has not seen the patch; going on",
                extra=fields(seconds=OBSERVED_TIMEOUT_SECONDS, generation=patched.generation),
            )
            return
        clock.sleep(OBSERVED_POLL_SECONDS)
        current = StatefulSet(api.read_stateful_set(patched.name))


def leave(api: DeleteApi, clock: Clock, own_pod: JsonObject, message: str = names.DELETING_POD) -> NoReturn:
    """Delete the own pod and wait for SIGTERM, which ends the process with 143.

    Exit 0 would start the node on the old image. Never with grace 0: the successor would start
    beside this pod, on its volume.
    """
    log.info(message, extra=fields(pod=pod.name(own_pod), uid=pod.uid(own_pod)))
    try:
        api.delete_pod(pod.name(own_pod), uid=pod.uid(own_pod), grace_seconds=max(1, pod.grace_seconds(own_pod)))
    except (NotFound, Conflict):
        log.info("The pod was deleted by somebody else first")
    wait_for_termination(clock)


def wait_for_termination(clock: Clock, seconds: float = TERMINATION_TIMEOUT_SECONDS) -> NoReturn:
    """Wait for SIGTERM.

    :raises LeaveTimeout: it did not come.
    """
    clock.sleep(seconds)
    raise LeaveTimeout(
        f"the pod was deleted and its SIGTERM did not come in {seconds:.0f} s",
        reason="NotTerminated",
        check="finalizers on the pod, and the kubelet of its node",
    )


def _recorded(stateful_set: StatefulSet, kind: AttemptKind, now: datetime) -> str:
    tried = attempts.parse(stateful_set.annotation(names.PIN_ATTEMPTS_ANNOTATION))
    return LIMIT.record(tried, kind, now)
