"""What both commands read first: the own pod, its StatefulSet, what the pod says about the test."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bootstrap_monitor.core import details, pod, versions
from bootstrap_monitor.core.details import DetailsFile
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.stateful_set import MAX_SAFE_NAME_LENGTH, StatefulSet
from bootstrap_monitor.core.test_config import TestConfig
from bootstrap_monitor.log import fields

log = logging.getLogger(__name__)


class GatherApi(Protocol):
    """What gathering needs."""

    def get_pod(self, name: str) -> JsonObject: ...
    def read_stateful_set(self, name: str) -> JsonObject: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The own pod and its StatefulSet, read one after the other."""

    pod: JsonObject
    stateful_set: StatefulSet


def surroundings(api: GatherApi, pod_name: str) -> Surroundings:
    """Read both.

    :raises ConfigurationError: the pod belongs to no StatefulSet.
    """
    own_pod = api.get_pod(pod_name)
    return Surroundings(own_pod, StatefulSet(api.read_stateful_set(pod.owner_stateful_set(own_pod))))


def read_details(read: Callable[[], bytes | None]) -> DetailsFile:
    """What the details file says, or why it does not."""
    try:
        return details.parse(read())
    except OSError as error:
        return details.UnreadableDetails(error.strerror or str(error))


def warn_of_long_name(stateful_set: StatefulSet) -> None:
    """Say in time what would show as a pod that cannot be created."""
    if len(stateful_set.name) > MAX_SAFE_NAME_LENGTH:
        log.warning(
            "The StatefulSet's name is long: once its revision's hash grows, its pods cannot be created any more",
            extra=fields(name=stateful_set.name, length=len(stateful_set.name), limit=MAX_SAFE_NAME_LENGTH),
        )


def config_fields(config: TestConfig) -> JsonObject:
    """``testConfig`` as people's log queries know it."""
    shown: JsonObject = {"network": config.network, "syncMode": str(config.sync_mode), "image": config.image}
    if known := versions.versions_of(config.versions):
        shown["versions"] = known
    return shown
