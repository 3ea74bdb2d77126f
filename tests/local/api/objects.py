"""Objects to create, and how a refusal is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.objects import Json

PODS = "/api/v1/namespaces/default/pods"
SETS = "/apis/apps/v1/namespaces/default/statefulsets"


def pod(name: str = "a", **spec: Any) -> Json:
    spec.setdefault("containers", [{"name": "main", "image": "registry/one:tag"}])
    return {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name}, "spec": spec}


def stateful_set(name: str = "s", **metadata: Any) -> Json:
    containers = [{"name": one, "image": "registry/one:tag"} for one in ("a", "b", "c")]
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers}}
    spec = {"selector": {"matchLabels": {"app": name}}, "serviceName": name, "template": template}
    return {"kind": "StatefulSet", "apiVersion": "apps/v1", "metadata": {"name": name, **metadata}, "spec": spec}


def refused(call: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        call()
    assert caught.value.body()["code"] == caught.value.status
    return caught.value.status, caught.value.reason
