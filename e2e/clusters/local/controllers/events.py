"""Events that a component of the cluster tells; the same one again counts up."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.objects import Json, timestamp
from e2e.clusters.local.api.patches import MERGE
from e2e.clusters.local.api.verbs import Api


class Recorder:
    """Tells Events as ``component``. A refusal is ignored: nothing depends on an Event."""

    def __init__(self, component: str, now: Callable[[], datetime]) -> None:
        self._component = component
        self._now = now

    def tell(self, api: Api, about: Json, reason: str, message: str, *, warning: bool = False) -> None:
        """``about`` is the object, in a namespace."""
        namespace, now = about["metadata"]["namespace"], timestamp(self._now())
        named = {field: about["metadata"][field] for field in ("namespace", "name", "uid", "resourceVersion")}
        fields = f"involvedObject.uid={named['uid']},reason={reason}"
        with contextlib.suppress(ApiError):
            for event in api.list("Event", namespace, fields=fields)["items"]:
                if event["message"] == message:
                    again = {"count": event.get("count", 1) + 1, "lastTimestamp": now}
                    api.patch("Event", event["metadata"]["name"], again, MERGE, namespace)
                    return
            event = {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"generateName": f"{named['name']}.", "namespace": namespace},
                "involvedObject": {"apiVersion": about["apiVersion"], "kind": about["kind"], **named},
                "reason": reason,
                "message": message,
                "type": "Warning" if warning else "Normal",
                "source": {"component": self._component},
                "reportingComponent": self._component,
                "firstTimestamp": now,
                "lastTimestamp": now,
                "count": 1,
            }
            api.create(event, namespace)
