"""Namespaces that nobody needs any more."""

from __future__ import annotations

from contextlib import closing

from e2e.kit import observe
from e2e.kit.api import Api
from e2e.kit.cluster import Cluster

GONE_SECONDS = 180.0


def remove(cluster: Cluster, namespace: str) -> None:
    """Does not wait. Pods first: while it holds some, a namespace is left alone for half of their grace."""
    with closing(Api(cluster.kubeconfig, namespace)) as api:
        for stateful_set in api.list("StatefulSet"):
            api.delete("StatefulSet", stateful_set["metadata"]["name"])
        for pod in api.list("Pod"):
            api.delete("Pod", pod["metadata"]["name"], grace_seconds=1)
        api.delete("Namespace", namespace)


def remove_all(cluster: Cluster, selector: str) -> None:
    """All with that label, and when they are gone, their volumes are free again."""
    with closing(Api(cluster.kubeconfig)) as api:
        for namespace in api.list("Namespace", labelSelector=selector):
            remove(cluster, namespace["metadata"]["name"])

        def gone() -> bool:
            return not api.list("Namespace", labelSelector=selector)

        observe.wait_for(gone, f"no namespace {selector} any more", GONE_SECONDS)
    cluster.renew_volumes()
