"""The world of a row: a namespace that a worker's rows share, and names of its own in it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
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


Texts = Callable[[str], dict[str, str]]


@pytest.fixture(scope="session")
def texts(cluster: Cluster, api: Api, image: Images) -> Texts:
    """What ROW and the others stand for, in a row with a name like the one that is given."""

    def of(like: str) -> dict[str, str]:
        slug = re.sub("[^a-z0-9]+", "-", like.lower()).strip("-")
        return {
            "ROW": f"{slug}-{secrets.token_hex(2)}",
            "IMAGE": image("scripted-node"),
            "NAMESPACE": api.namespace,
            "REGISTRY": cluster.registry,
        }

    return of


@pytest.fixture
def player(request: pytest.FixtureRequest, api: Api, texts: Texts) -> Iterator[Player]:
    """What its row made ends with it; nobody waits for that."""
    name = request.node.callspec.id if hasattr(request.node, "callspec") else request.node.originalname
    made = Player(api, texts(name.removeprefix("test_")))
    yield made
    for what in made.last:
        kind, name = what.split("/")
        api.delete(kind, name, grace_seconds=0)


@pytest.fixture
def row(player: Player) -> str:
    """Its name."""
    return player.texts["ROW"]
