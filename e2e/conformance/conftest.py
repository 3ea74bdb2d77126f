"""The world of a row: a namespace that a worker's rows share, and names of its own in it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import closing

import pytest

from e2e.conformance.table import Player
from e2e.conftest import Images, MakeNamespace
from e2e.kit import observe
from e2e.kit.api import Api
from e2e.kit.cluster import Cluster

SERVICE_ACCOUNT = "default"


@pytest.fixture(scope="session")
def namespace(make_namespace: MakeNamespace) -> str:
    return make_namespace("conformance")


@pytest.fixture(scope="session")
def api(cluster: Cluster, namespace: str) -> Iterator[Api]:
    with closing(Api(cluster.kubeconfig, namespace)) as made:
        # A pod is refused until the namespace has its service account.
        observe.wait_for(lambda: made.find("ServiceAccount", SERVICE_ACCOUNT), "the service account")
        yield made


@pytest.fixture
def row(request: pytest.FixtureRequest) -> str:
    """A name of the row's own."""
    name = request.node.callspec.id if hasattr(request.node, "callspec") else request.node.originalname
    slug = re.sub("[^a-z0-9]+", "-", name.removeprefix("test_").lower())
    return f"{slug.strip('-')}-{secrets.token_hex(2)}"


@pytest.fixture
def player(cluster: Cluster, api: Api, row: str, image: Images) -> Iterator[Player]:
    """What its row made ends with it; nobody waits for that."""
    made = Player(
        api, {"ROW": row, "IMAGE": image("scripted-node"), "NAMESPACE": api.namespace, "REGISTRY": cluster.registry}
    )
    yield made
    for what in made.last:
        kind, name = what.split("/")
        api.delete(kind, name, grace_seconds=0)
