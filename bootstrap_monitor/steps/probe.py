"""Run an image once in a pod of its own for its digest and versions: the one way to discover an image."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core import pod, probe_pod
from bootstrap_monitor.core.image import ImageReference
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.probe_pod import Failed, Finished, Waiting
from bootstrap_monitor.core.registry.cannot_tell import CannotTell
from bootstrap_monitor.core.versions import parse_versions
from bootstrap_monitor.errors import (
    AlreadyExists,
    ApiError,
    ConfigurationError,
    DeadlineExceeded,
    MonitorError,
    NotFound,
    TransientError,
)
from bootstrap_monitor.log import fields
from bootstrap_monitor.timings import (
    PROBE_DEADLINE_MARGIN_SECONDS,
    PROBE_GONE_TIMEOUT_SECONDS,
    PROBE_POLL_SECONDS,
)

log = logging.getLogger(__name__)

_LOG_LIMIT_BYTES = 65_536


class ProbeApi(Protocol):
    """What a probe needs; nothing is listed or watched."""

    def create_pod(self, body: JsonObject) -> JsonObject: ...
    def get_pod(self, name: str) -> JsonObject: ...
    def delete_pod(self, name: str, *, uid: str | None = None, grace_seconds: int | None = None) -> None: ...
    def pod_log(self, name: str, *, container: str, limit_bytes: int) -> str: ...


class TagRegistry(Protocol):
    """Which digest a tag names. Raises :class:`CannotTell`."""

    def digest(self, image: ImageReference) -> str: ...


class DigestNotTold(TransientError):  # noqa: N818
    """It ran, and the container runtime does not tell which digest of the asked repository that was."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What ran: the repository as it was asked for, with the digest."""

    image: ImageReference
    versions: str


def probe(
    api: ProbeApi,
    clock: Clock,
    *,
    own_pod: JsonObject,
    container: str,
    image: ImageReference,
    timeout: timedelta,
    registry: TagRegistry | None = None,
) -> Probed:
    """Create the probe pod (anew, if one is there), wait for its end, read it, delete it.

    Where the runtime does not tell the digest, the registry is asked for it, and that digest is run: it is certain.

    :raises DeadlineExceeded: ``timeout`` passed; the message has the last waiting reason.
    :raises TransientError: it failed, was deleted by somebody, or told nothing usable.
    :raises ConfigurationError: the image can never run.
    """
    deadline = clock.monotonic() + timeout.total_seconds()

    def run(asked: ImageReference) -> Probed:
        left = max(0, int(deadline - clock.monotonic()))
        body = probe_pod.body(own_pod, container, asked, deadline_seconds=left + PROBE_DEADLINE_MARGIN_SECONDS)
        return _run(api, clock, body, asked, deadline, timeout)

    try:
        return run(image)
    except DigestNotTold as error:
        if registry is None:
            raise
        return run(image.with_digest(_digest_under_tag(registry, image, error)))


def _digest_under_tag(registry: TagRegistry, image: ImageReference, untold: DigestNotTold) -> str:
    log.info("Asking the registry for the digest", extra=fields(image=str(image), because=untold.what))
    try:
        return registry.digest(image)
    except CannotTell as error:
        what = f"{untold.what}; nor does the registry: {error.what}"
        raise DigestNotTold(what, reason=untold.reason, check=untold.check, do=untold.do) from error


def _run(
    api: ProbeApi, clock: Clock, body: JsonObject, image: ImageReference, deadline: float, timeout: timedelta
) -> Probed:
    name = str(body["metadata"]["name"])
    log.info("Starting a pod to discover the image", extra=fields(image=str(image), probe=name))
    created = _create(api, clock, body)
    try:
        finished = _await_end(api, clock, name, image, deadline, timeout)
        versions = parse_versions(api.pod_log(name, container=probe_pod.CONTAINER, limit_bytes=_LOG_LIMIT_BYTES))
    except Exception:
        _delete(api, name, pod.uid(created))
        raise
    _delete(api, name, pod.uid(created))
    if versions is None:
        raise TransientError(
            f"`{' '.join(probe_pod.COMMAND)}` of `{image}` printed no versions",
            reason="NoVersions",
            check="whether the image is an avalanchego image",
        )
    return Probed(_pinned(image, finished), versions)


def _create(api: ProbeApi, clock: Clock, body: JsonObject) -> JsonObject:
    name = str(body["metadata"]["name"])
    deadline = clock.monotonic() + PROBE_GONE_TIMEOUT_SECONDS
    while True:
        try:
            return api.create_pod(body)
        except AlreadyExists:
            # A probe of an earlier run: what it ran is not what we ask.
            log.info("Removing the probe pod of an earlier run", extra=fields(probe=name))
            _delete(api, name, None)
        while _exists(api, name):
            if clock.monotonic() >= deadline:
                raise DeadlineExceeded(
                    f"the probe pod `{name}` of an earlier run does not go",
                    reason="ProbeNotDeleted",
                    check="its finalizers, and the kubelet of its node",
                )
            clock.sleep(PROBE_POLL_SECONDS)


def _exists(api: ProbeApi, name: str) -> bool:
    try:
        api.get_pod(name)
    except NotFound:
        return False
    return True


def _await_end(
    api: ProbeApi, clock: Clock, name: str, image: ImageReference, deadline: float, timeout: timedelta
) -> Finished:
    last = Waiting()
    while True:
        match _look(api, name):
            case Finished() as finished:
                return finished
            case Failed(reason, message, hopeless):
                error = ConfigurationError if hopeless else TransientError
                raise error(
                    f"the probe of `{image}` failed: {message or reason}" + _quote(last),
                    reason=reason,
                    check="the image, and the pull secrets of the pod",
                )
            case Waiting(reason, message) as waiting if reason and (reason, message) != (
                last.reason,
                last.message,
            ):
                level = logging.INFO if reason in probe_pod.ORDINARY_WAITS else logging.WARNING
                log.log(level, "The probe pod is waiting", extra=fields(probe=name, reason=reason, message=message))
                last = waiting
        if clock.monotonic() >= deadline:
            raise DeadlineExceeded(
                f"the probe of `{image}` did not end in {timeout.total_seconds():.0f} s{_quote(last)}",
                reason="ProbeTimeout",
                check="whether the image can be pulled and the pod can be scheduled",
                do="mend that; or give a longer --probe-timeout",
            )
        clock.sleep(PROBE_POLL_SECONDS)


def _look(api: ProbeApi, name: str) -> probe_pod.Outcome:
    try:
        return probe_pod.outcome(api.get_pod(name))
    except NotFound as error:
        raise TransientError(
            f"the probe pod `{name}` was deleted by somebody",
            reason="ProbeDeleted",
            check="evictions, quotas, people",
        ) from error
    except ApiError as error:
        if not error.transient:
            raise
        log.warning("The probe pod cannot be read; trying again", extra=fields(probe=name, error=str(error)))
        return Waiting()


def _delete(api: ProbeApi, name: str, uid: str | None) -> None:
    """At the latest it goes with the own pod, its owner."""
    try:
        api.delete_pod(name, uid=uid, grace_seconds=1)
    except NotFound:
        pass
    except MonitorError as error:
        log.warning("The probe pod could not be deleted", extra=fields(probe=name, error=str(error)))


def _pinned(asked: ImageReference, finished: Finished) -> ImageReference:
    """The digest is only good where the runtime names the repository that was asked for.

    Where the same content is there under other names, it tells the alphabetically first, with *its* digest.
    """
    if asked.digest:
        return asked.with_digest(asked.digest)
    ran = finished.image
    if ran is None or ran.digest is None:
        raise DigestNotTold(
            f"the container runtime tells no registry digest of `{asked}`",
            reason="NoDigest",
            check="whether the image was loaded into the node by hand instead of being pulled",
        )
    if not ran.same_repository(asked):
        raise DigestNotTold(
            f"the container runtime tells a digest of `{ran.repository}`, the image asked for is `{asked}`",
            reason="ProbedAnotherRepository",
            check="which names the same image content has on the Kubernetes node",
            do=f"remove `{ran.repository}` from the node, or deploy that name",
        )
    return asked.with_digest(ran.digest)


def _quote(last: Waiting) -> str:
    return f"; it was last waiting with {last.reason}: {last.message}" if last.reason else ""
