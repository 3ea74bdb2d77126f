"""The kinds that there are, and small helpers for JSON objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

Json = dict[str, Any]

RBAC = "rbac.authorization.k8s.io/v1"


@dataclass(frozen=True)
class Kind:
    """What discovery tells of a kind."""

    name: str
    plural: str
    group_version: str = "v1"
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """Empty for the core group."""
        return self.group_version.rpartition("/")[0]

    @property
    def qualified(self) -> str:
        """As messages name it: `statefulsets.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


KINDS = {
    kind.name: kind
    for kind in (
        Kind("Namespace", "namespaces", namespaced=False, short_names=("ns",), subresources=("status", "finalize")),
        Kind("Pod", "pods", short_names=("po",), subresources=("status", "log"), categories=("all",)),
        Kind("PersistentVolume", "persistentvolumes", namespaced=False, short_names=("pv",), subresources=("status",)),
        Kind("PersistentVolumeClaim", "persistentvolumeclaims", short_names=("pvc",), subresources=("status",)),
        Kind("ServiceAccount", "serviceaccounts", short_names=("sa",)),
        Kind("Service", "services", short_names=("svc",), subresources=("status",), categories=("all",)),
        Kind("ConfigMap", "configmaps", short_names=("cm",)),
        Kind("Secret", "secrets"),
        Kind("Event", "events", short_names=("ev",)),
        Kind(
            "StatefulSet",
            "statefulsets",
            "apps/v1",
            short_names=("sts",),
            subresources=("status", "scale"),
            categories=("all",),
        ),
        Kind("ControllerRevision", "controllerrevisions", "apps/v1"),
        Kind("Role", "roles", RBAC),
        Kind("RoleBinding", "rolebindings", RBAC),
    )
}
BY_PLURAL = {(kind.group_version, kind.plural): kind for kind in KINDS.values()}


def copied(body: Json) -> Json:
    """A copy of a JSON object, all the way down."""
    result: Json = orjson.loads(orjson.dumps(body))
    return result


def timestamp(moment: datetime) -> str:
    """As the API writes times: whole seconds, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime:
    """What :func:`timestamp` wrote."""
    return datetime.fromisoformat(text)


def labels_of(body: Json) -> dict[str, str]:
    """Empty when it has none."""
    return body["metadata"].get("labels") or {}
