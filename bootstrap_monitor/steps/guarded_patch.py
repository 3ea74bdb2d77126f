"""Write to the StatefulSet on fresh knowledge only: read, make the patch of what was read, repeat on a conflict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.stateful_set import StatefulSet
from bootstrap_monitor.errors import Conflict, TransientError
from bootstrap_monitor.timings import CONFLICT_ATTEMPTS, CONFLICT_WAIT_SECONDS


class PatchApi(Protocol):
    """Both methods are patches: reading is an empty one, ``get`` is not granted."""

    def read_stateful_set(self, name: str) -> JsonObject: ...
    def patch_stateful_set(self, name: str, patch: JsonObject, *, strategic: bool) -> JsonObject: ...


def guarded_patch(
    api: PatchApi,
    clock: Clock,
    name: str,
    make: Callable[[StatefulSet], JsonObject],
    *,
    strategic: bool = False,
) -> StatefulSet:
    """The StatefulSet as patched. ``make`` may raise to give up what newer knowledge forbids.

    :raises TransientError: somebody else was faster each time.
    """
    for _ in range(CONFLICT_ATTEMPTS):
        current = StatefulSet(api.read_stateful_set(name))
        try:
            return StatefulSet(api.patch_stateful_set(name, make(current), strategic=strategic))
        except Conflict:
            clock.sleep(CONFLICT_WAIT_SECONDS)
    raise TransientError(
        f"the StatefulSet `{name}` changed under each of {CONFLICT_ATTEMPTS} patches",
        reason="StatefulSetBusy",
        check="who writes to it all the time",
    )
