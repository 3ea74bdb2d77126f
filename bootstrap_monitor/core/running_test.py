"""The test that runs in the own pod, as the sidecar knows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bootstrap_monitor.core import details as details_file
from bootstrap_monitor.core import image as image_reference
from bootstrap_monitor.core import names, pod, results, test_config
from bootstrap_monitor.core.details import Details, DetailsFile
from bootstrap_monitor.core.fingerprint import Fingerprint, of
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.results import Result, Verdict
from bootstrap_monitor.core.stateful_set import StatefulSet
from bootstrap_monitor.core.test_config import TestConfig
from bootstrap_monitor.core.verdict.assessment import Assessment
from bootstrap_monitor.core.versions import versions_of
from bootstrap_monitor.errors import ConfigurationError, TransientError


@dataclass(frozen=True, slots=True)
class RunningTest:
    """Fixed for the life of the pod."""

    pod: JsonObject
    stateful_set: str
    details: Details
    config: TestConfig
    fingerprint: Fingerprint

    @property
    def versions(self) -> str:
        """The versions annotation to write again with a pin; empty where they are not known."""
        return self.config.versions or self.details.versions or ""

    def elapsed(self, now: datetime) -> timedelta:
        """Since the test's start; never negative: clocks jump."""
        return max(timedelta(), now - self.details.started)

    def end(self, now: datetime) -> datetime:
        """``now`` as the test's end, never before its start."""
        return max(now, self.details.started)

    def result_in(self, stateful_set: StatefulSet) -> JsonObject | None:
        """This very test's result, where it has one with a verdict that is known here."""
        entries = results.parse(stateful_set.annotation(names.RESULTS_ANNOTATION))
        found = results.of_test(entries, fingerprint=self.fingerprint.hash(), start=self.details.start_time)
        return found if found and found.get("verdict") in set(Verdict) else None

    def result(
        self, assessment: Assessment, *, end: datetime, message: str, disk_bytes: int | None, node_log: str
    ) -> Result:
        """The entry to store."""
        return Result(
            fingerprint=self.fingerprint.hash(),
            retest=self.fingerprint.retest,
            image=self.config.image,
            versions=versions_of(self.versions),
            network=self.config.network,
            sync_mode=str(self.config.sync_mode),
            start=self.details.start_time,
            end=end,
            verdict=Verdict.PASSED if assessment.passed else Verdict.FAILED,
            reason=assessment.reason,
            message=message,
            disk_bytes=disk_bytes,
            pod=pod.name(self.pod),
            node_log=node_log,
            initial_db_archive=self.details.initial_db_archive,
        )


def running_test(own_pod: JsonObject, container: str, file: DetailsFile) -> RunningTest:
    """Join what the pod and the details file say.

    :raises TransientError: there is no usable file, or it is of another test than the pod's: ``init`` did not run.
    :raises ConfigurationError: the pod's configuration cannot be told, or its image is not pinned.
    """
    config = test_config.derive(own_pod, container)
    image = image_reference.parse(config.image)
    if not image.pinned:
        raise ConfigurationError(
            f"the image `{image}` of the container `{container}` has no digest",
            reason="ImageNotPinned",
            check="whether `init` is an init container of this pod",
            do="run `bootstrap-monitor init` as init container: it pins the image",
        )
    if not isinstance(file, Details):
        raise TransientError(
            f"there are no usable test details: {_trouble(file)}",
            reason="NoTestDetails",
            check=f"that --data-dir is the same volume for `init` and here, and holds {names.DETAILS_FILE}",
            do="run `bootstrap-monitor init` as init container: it writes them",
        )
    fingerprint = of(
        config,
        image,
        pod.annotation(own_pod, names.RETEST_ANNOTATION),
        initial_db_archive=file.initial_db_archive,  # an option of `init` alone
    )
    if change := file.change_to(fingerprint):
        raise TransientError(
            f"the volume holds another test: {change.field} is `{change.before}` there and `{change.after}` in the pod",
            reason=change.reason,
            check="whether `init` ran before this container",
        )
    return RunningTest(own_pod, pod.owner_stateful_set(own_pod), file, config, fingerprint)


def _trouble(file: DetailsFile) -> str:
    match file:
        case details_file.UnreadableDetails(error):
            return f"the file cannot be read ({error})"
        case details_file.MalformedDetails(why):
            return f"the file is {why}"
        case details_file.NewerDetails(schema):
            return f"the file has schema {schema}"
        case _:
            return "there is no file"
