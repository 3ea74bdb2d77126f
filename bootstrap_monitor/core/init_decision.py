"""What ``init`` does, as one pure decision: an ordered chain of checks, the first hit wins.

::

    pod terminating ─────────────────────────────► wait for SIGTERM
    not the first pod ───────────────────────────► stop (78)
    image cannot be told, tag not tracked ───────► stop (78); template edited since: delete own pod, counted
    details unreadable / of a newer schema ──────► stop (75 / 78): nobody knows whose data the volume holds
    configuration cannot be told ────────────────► stop (78); template edited since: delete own pod, counted
    image not pinned, template pinned ───────────► delete own pod, counted   (partition keeps it old: 78)
    image not pinned, pinned too often ──────────► stop (78)
    image not pinned ────────────────────────────► pin the template, delete own pod
    pinned, new test, data to clear unknown ─────► stop (78); template edited since: delete own pod, counted
    pinned, no details, restored for this test ──► go on with the restore, write details
    pinned, no details or of another test ───────► new test: remove details, clear, restore, write details
    pinned, details of this test ────────────────► resume
"""

from __future__ import annotations

from collections.abc import Callable

from bootstrap_monitor.core import details, names, pod, results
from bootstrap_monitor.core import fingerprint as fingerprints
from bootstrap_monitor.core.attempts import AttemptKind
from bootstrap_monitor.core.details import Details
from bootstrap_monitor.core.fingerprint import Fingerprint
from bootstrap_monitor.core.image import ImageReference
from bootstrap_monitor.core.init_acts import (
    Decision,
    DeleteOwnPod,
    Pin,
    Resume,
    StartTest,
    Stop,
    WaitForTermination,
)
from bootstrap_monitor.core.init_world import InitWorld
from bootstrap_monitor.core.test_config import TestConfig
from bootstrap_monitor.errors import ConfigurationError, ExitCode


def decide(world: InitWorld) -> Decision:
    """The first hit of the chain."""
    for check in _CHAIN:
        if decision := check(world):
            return decision
    return _same_or_new_test(world)


def _terminating(world: InitWorld) -> Decision | None:
    if not pod.is_terminating(world.pod):
        return None
    return Decision("PodTerminating", "this pod is being deleted: its successor decides", WaitForTermination())


def _first_pod(world: InitWorld) -> Decision | None:
    ordinal, first = world.ordinal, world.stateful_set.first_ordinal
    if ordinal == first:
        return None
    return Decision(
        "NotTheFirstPod",
        f"this pod is not `{world.stateful_set.name}-{first}`: pods of one StatefulSet share one template, "
        "so the first to finish its test would wipe the others",
        Stop(ExitCode.CONFIGURATION, check="spec.replicas", do="set spec.replicas to 1; one StatefulSet a test"),
    )


def _image(world: InitWorld) -> Decision | None:
    try:
        _ = world.own_image
    except ConfigurationError as error:
        return refused(world, error)
    return None


def _tag(world: InitWorld) -> Decision | None:
    image, option = world.own_image, world.tracked_tag_option
    if image.pinned or not option or image.effective_tag == option:
        return None
    return _stop_or_replace(
        world,
        "TagNotTracked",
        f"the image `{image}` is not of the tracked tag `{option}`",
        Stop(
            ExitCode.CONFIGURATION,
            check="the node container's image, and --tracked-tag",
            do=f"deploy the tag `{option}`, or drop --tracked-tag: the deployed tag is tracked by default",
        ),
    )


def _readable(world: InitWorld) -> Decision | None:
    match world.details:
        case details.UnreadableDetails(error):
            return Decision(
                "TestDetailsIOError",
                f"{names.DETAILS_FILE} is there and cannot be read ({error}); nothing is pinned, nothing cleared",
                Stop(
                    ExitCode.TRY_AGAIN,
                    check="the data volume's health, and the file's owner and mode",
                    do="mend the volume; the next start tries again",
                ),
            )
        case details.NewerDetails(schema):
            return Decision(
                "TestDetailsNewerSchema",
                f"{names.DETAILS_FILE} has schema {schema}, this release knows {details.SCHEMA}; nothing is cleared",
                Stop(
                    ExitCode.CONFIGURATION,
                    check="which release of bootstrap-monitor wrote the data volume last",
                    do="use that release or a newer one; or remove the file to give up the test in progress",
                ),
            )
    return None


def _configured(world: InitWorld) -> Decision | None:
    return refused(world, world.config) if isinstance(world.config, ConfigurationError) else None


def _behind_template(world: InitWorld) -> Decision | None:
    if world.own_image.pinned:
        return None
    if not world.in_template and world.behind:
        return _behind(world, f"the template has no container `{world.container}` any more")
    image, option = world.template_image, world.tracked_tag_option
    if image.pinned:
        return _behind(world, f"the template is pinned to `{image}`, this pod is not")
    if option and image.effective_tag != option:
        return _behind(world, f"the template has `{image}` by now; this pod tracks the tag `{option}`")
    return None


def _reverted(world: InitWorld) -> Decision | None:
    if world.own_image.pinned:
        return None
    if world.held_back:
        return _partition_stop(world)
    if not world.limit.reached(world.attempts, AttemptKind.PIN, world.now):
        return None
    running = _pinned_to_running_test(world)
    go_on = f"set it to `{running}`, with which the test in progress goes on; or " if running else ""
    return Decision(
        "PinReverted",
        f"the template was pinned {world.limit.count} times in the last {world.window_minutes} minutes, "
        "and the tag is back each time",
        Stop(
            ExitCode.CONFIGURATION,
            check="who writes the StatefulSet's image: GitOps self-heal (Argo CD, Flux), a webhook, a script",
            do="let it ignore the node container's image and the template's annotations "
            f"(Argo CD: ignoreDifferences with RespectIgnoreDifferences=true); then {go_on}wait "
            f"{world.window_minutes} minutes",
        ),
    )


def _not_pinned(world: InitWorld) -> Decision | None:
    if world.own_image.pinned:
        return None
    image = world.template_image
    tag = world.tracked_tag(image)
    if running := _pinned_to_running_test(world):
        assert isinstance(world.details, Details)
        return Decision(
            "ImageNotPinned",
            f"the image `{image}` has no digest; the test in progress runs `{running.digest}`",
            Pin(running, tag, world.details.versions),
        )
    return Decision("ImageNotPinned", f"the image `{image}` has no digest", Pin(image.with_tag(tag), tag))


def _pinned_to_running_test(world: InitWorld) -> ImageReference | None:
    """The template's image with the digest of the test on the volume, if that is a test of it and not over."""
    image, running = world.template_image, world.details
    if isinstance(running, Details) and _runs_test_of(running, image) and not _has_verdict(world, running):
        assert running.digest
        return image.with_digest(running.digest)
    return None


_CHAIN: tuple[Callable[[InitWorld], Decision | None], ...] = (
    _terminating,
    _first_pod,
    _image,
    _tag,
    _readable,
    _configured,
    _behind_template,
    _reverted,
    _not_pinned,
)


def _same_or_new_test(world: InitWorld) -> Decision:
    new, fingerprint = _new_details(world)
    match world.details:
        case Details() as recorded:
            change = recorded.change_to(fingerprint)
            if change is None:
                filled = recorded.filled(new)
                message = f"the volume holds the data of this test, started {recorded.start_time}"
                return Decision("SameTest", message, Resume(recorded, None if filled == recorded else filled))
            message = f"{change.field}: `{change.before}` on the volume, `{change.after}` in the pod"
            return _new_test(world, change.reason, message)
        case details.MalformedDetails(why):
            return _new_test(world, "TestDetailsMalformed", f"{names.DETAILS_FILE} is {why}", set_aside=True)
        case _ if world.initial_db_archive and world.restore and world.restore.test == fingerprint.test():
            message = f"the database is {world.restore.state} for this test"
            return _new_test(world, "RestoreNotDone", message, going_on=True)
        case _:
            return _new_test(world, "NoTestDetails", "the volume holds the data of no test")


def _new_test(
    world: InitWorld, reason: str, message: str, *, set_aside: bool = False, going_on: bool = False
) -> Decision:
    if isinstance(world.places, ConfigurationError):
        return refused(world, world.places)
    new, fingerprint = _new_details(world)
    return Decision(reason, message, StartTest(new, fingerprint.test(), world.places, set_aside, going_on))


def _new_details(world: InitWorld) -> tuple[Details, Fingerprint]:
    assert isinstance(world.config, TestConfig), "a pod without a valid configuration was stopped before"
    image = world.own_image
    fingerprint = fingerprints.of(
        world.config,
        image,
        pod.annotation(world.pod, names.RETEST_ANNOTATION),
        initial_db_archive=world.initial_db_archive,
    )
    return Details(
        image=world.config.image,
        start_time=world.now.isoformat(),
        repository=image.repository,
        tracked_tag=world.tracked_tag(image),
        versions=world.config.versions,
        fingerprint=fingerprint.fields(),
    ), fingerprint


def _runs_test_of(running: Details, image: ImageReference) -> bool:
    """Whether the details name a test of this repository and tag; a file without a tag matches any."""
    reference = running.reference
    return bool(
        reference
        and reference.digest
        and reference.same_repository(image)
        and running.tracked_tag in {None, image.effective_tag}
    )


def _has_verdict(world: InitWorld, running: Details) -> bool:
    entries = results.parse(world.stateful_set.annotation(names.RESULTS_ANNOTATION))
    return results.of_start(entries, image_digest=running.digest or "", start=running.start_time) is not None


def refused(world: InitWorld, error: ConfigurationError) -> Decision:
    """What is done where this pod's test cannot be told, or cannot be started."""
    return _stop_or_replace(
        world, error.reason, error.what, Stop(ExitCode.CONFIGURATION, check=error.check, do=error.do)
    )


def _stop_or_replace(world: InitWorld, reason: str, message: str, stop: Stop) -> Decision:
    """A pod that cannot be tested is replaced where its template has moved on: no controller replaces it."""
    if world.behind and not world.held_back:
        return _behind(world, f"{message}; the template has been edited since this pod was made")
    return Decision(reason, message, stop)


def _behind(world: InitWorld, message: str) -> Decision:
    if world.held_back:
        return _partition_stop(world)
    if world.limit.reached(world.attempts, AttemptKind.SELF_DELETION, world.now):
        return Decision(
            "PodBehindTemplate",
            f"{message}; it deleted itself {world.limit.count} times in the last {world.window_minutes} minutes "
            "and came back the same",
            Stop(
                ExitCode.CONFIGURATION,
                check="the StatefulSet's updateStrategy, status.updateRevision, and admission webhooks",
                do="mend what keeps the old template alive, then delete the pod",
            ),
        )
    return Decision("PodBehindTemplate", message, DeleteOwnPod())


def _partition_stop(world: InitWorld) -> Decision:
    return Decision(
        "PodBehindTemplate",
        "updateStrategy.rollingUpdate.partition is above this pod's ordinal: "
        "a deleted pod comes back with the old template",
        Stop(
            ExitCode.CONFIGURATION,
            check="spec.updateStrategy.rollingUpdate.partition",
            do="set the partition to 0",
        ),
    )
