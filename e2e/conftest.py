"""The worlds of the scenarios: what is made once a run, once a scenario, and what a failure leaves."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, suppress
from typing import Protocol

import pytest

from e2e.kit import archives, network, report, teardown
from e2e.kit.api import Api
from e2e.kit.archives import Archive
from e2e.kit.cluster import KINDS, Cluster, connect
from e2e.kit.network import Network
from e2e.kit.node_image import NodeImage
from e2e.kit.rig import Rig
from e2e.kit.session import LABEL, Session
from tests.support.archive_server import ArchiveServer

REPORT = "e2e report"
FIGURE = "e2e figure"
"""What a scenario has measured: a property of its that people see at the end."""
RIGS = pytest.StashKey[list[Rig]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--e2e-cluster", choices=KINDS, default=KINDS[0], help="a cluster of scripts/cluster that runs")
    parser.addoption(
        "--e2e-brief",
        action="store_true",
        help="the few scenarios marked so; of a cluster other than local, rows and what only it can show, too",
    )


def pytest_configure(config: pytest.Config) -> None:
    for marker in (
        "real: with avalanchego nodes on a network of their own",
        "scripted: with a node that answers as it is told",
        "wide: a variant of what another scenario shows, or one that takes minutes; not in CI, by --all only",
        "disruptive: stops components of the cluster, so that nothing else can run beside it",
        "brief: one of the few that scripts/test runs",
        "kubelet: a row of what a node does: kubelet, runtime, registry; most start a pod, so a brief run has none",
        "baseline: upstream's own program, to compare with; not run by default",
        "not_on(cluster, reason): skipped there",
    ):
        config.addinivalue_line("markers", marker)
    if not _is_worker(config):
        Session.begin()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Testers of a run that was broken off would go on for ever, and take the processor from this one."""
    if _is_worker(session.config) or session.config.option.collectonly:
        return
    cluster = _cluster(session.config)
    with closing(Api(cluster.kubeconfig)) as api:
        for namespace in api.list("Namespace", labelSelector=LABEL):
            metadata = namespace["metadata"]
            if not Session.is_alive(metadata["labels"][LABEL]):
                teardown.remove(cluster, metadata["name"])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Real nodes first, and each worker with its share of them: xdist hands out equal blocks, larger ones last."""
    if config.getoption("--e2e-brief"):
        kept = [item for item in items if _is_brief(item, config.getoption("--e2e-cluster"))]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
    for item in items:
        for marker in item.iter_markers("not_on"):
            if config.getoption("--e2e-cluster") in marker.args:
                item.add_marker(pytest.mark.skip(reason=marker.kwargs["reason"]))
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    ordered = sorted(items, key=lambda item: item.get_closest_marker("real") is None)
    items[:] = [item for worker in reversed(range(workers)) for item in ordered[worker::workers]]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What the run made goes with it."""
    if _is_worker(session.config):
        return
    shared = Session.join()
    with suppress(Exception):  # the cluster may be what has failed; its end is no scenario's result
        teardown.remove_all(_cluster(session.config), f"{LABEL}={shared.labels[LABEL]}")
    shared.end()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    told = {
        f"{key}: {value}"
        for outcome in ("passed", "failed", "error")
        for one in terminalreporter.getreports(outcome)
        if isinstance(one, pytest.TestReport)
        for key, value in one.user_properties
        if key in {REPORT, FIGURE}
    }
    for line in sorted(told):
        terminalreporter.write_line(line)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """While the scenario's worlds are still there."""
    made = yield
    if made.failed and call.when in {"setup", "call"}:
        for rig in item.stash.get(RIGS, []):
            made.user_properties.append((REPORT, str(report.write(rig, item.name))))
    return made


@pytest.fixture(scope="session")
def shared() -> Session:
    return Session.join()


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Cluster:
    return _cluster(pytestconfig)


Images = Callable[[str], str]


@pytest.fixture(scope="session")
def image(cluster: Cluster, shared: Session) -> Images:
    """The reference of an image of images/, by digest; built once a run."""

    def reference(name: str) -> str:
        return str(shared.once(f"image-{name}", lambda: {name: cluster.image(name)})[name])

    return reference


MakeNamespace = Callable[[str], str]


@pytest.fixture(scope="session")
def make_namespace(cluster: Cluster, shared: Session) -> MakeNamespace:
    """A namespace of this run, with a name like the one that is given."""

    def make(like: str) -> str:
        slug = re.sub("[^a-z0-9]+", "-", like.lower()).strip("-")
        name = f"e2e-{slug[:40].rstrip('-')}-{secrets.token_hex(3)}"
        with closing(Api(cluster.kubeconfig)) as api:
            metadata = {"name": name, "labels": shared.labels}
            api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        return name

    return make


StartNetwork = Callable[[Rig], Network]


@pytest.fixture
def start_network(image: Images) -> StartNetwork:
    """Makes a network with some blocks, in a world."""
    return lambda rig: network.start(rig.api, image("avalanchego"))


class Serve(Protocol):
    """Serves an archive to pods, until the scenario ends."""

    def __call__(self, archive: Archive, port: int = 0) -> ArchiveServer: ...


@pytest.fixture
def serve(cluster: Cluster) -> Iterator[Serve]:
    with ExitStack() as servers:

        def made(archive: Archive, port: int = 0) -> ArchiveServer:
            return servers.enter_context(archives.server(cluster, archive, port))

        yield made


class MakeRig(Protocol):
    """Makes a world; ``beside`` another, in its namespace. Nodes are of the kind that the scenario is marked with.

    ``registry`` is the cluster's, by that of its names which images have.
    """

    def __call__(
        self,
        *,
        tag: str = "latest",
        monitor_image: str | None = None,
        beside: Rig | None = None,
        registry: str | None = None,
    ) -> Rig: ...


@pytest.fixture
def make_rig(
    request: pytest.FixtureRequest, cluster: Cluster, image: Images, make_namespace: MakeNamespace
) -> Iterator[MakeRig]:
    node = "scripted-node" if request.node.get_closest_marker("scripted") else "avalanchego"

    def make(
        *,
        tag: str = "latest",
        monitor_image: str | None = None,
        beside: Rig | None = None,
        registry: str | None = None,
    ) -> Rig:
        namespace = beside.namespace if beside else make_namespace(request.node.name.removeprefix("test_"))
        repository = f"{registry or cluster.registry}/e2e/{namespace}" + ("-beside" if beside else "")
        node_image = NodeImage(image(node), repository, tag)
        made = Rig(cluster, namespace, node_image, monitor_image or image("bootstrap-monitor"))
        request.node.stash.setdefault(RIGS, []).append(made)
        return made

    yield make
    for rig in request.node.stash.get(RIGS, []):
        teardown.remove(cluster, rig.namespace)
        rig.close()


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    """The scenario's world."""
    return make_rig()


def _is_brief(item: pytest.Item, cluster: str) -> bool:
    if item.get_closest_marker("brief"):
        return True
    row = item.path.parent.name == "conformance" and not item.get_closest_marker("kubelet")
    not_on_local = any("local" in marker.args for marker in item.iter_markers("not_on"))
    return cluster != "local" and bool(row or not_on_local or item.get_closest_marker("real"))


def _cluster(config: pytest.Config) -> Cluster:
    return connect(config.getoption("--e2e-cluster"))


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
