"""``init`` where the container runtime tells the digest of another repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootstrap_monitor.adapters.registry.client import Registry
from bootstrap_monitor.errors import Terminated, TransientError
from tests.support.http_server import ScriptedServer, Step, answer
from tests.support.manifests import NEXT, NEXT_VERSIONS, VERSIONS, template_image
from tests.support.outcomes import ran
from tests.support.registry import PATH, Store, image
from tests.support.rig import Rig


def rig_at(server: ScriptedServer, folder: Path) -> Rig:
    """The probe by the tag tells nothing; by the digest, the versions."""
    repository = f"{server.host}:{server.port}/{PATH}"
    rig = Rig(folder, f"{repository}:latest")
    rig.registry = Registry(rig.clock, timeout=(60, 60))
    rig.cluster.images = {
        f"{repository}:latest": ran(NEXT, NEXT_VERSIONS),
        f"{repository}@{image().digest}": ran(NEXT, VERSIONS),
    }
    return rig


def test_the_registry_tells_what_is_pinned(tmp_path: Path) -> None:
    with ScriptedServer(Store({"latest": image()})) as server:
        rig = rig_at(server, tmp_path)
        with pytest.raises(Terminated):
            rig.init().run()
        assert template_image(rig.cluster.set) == f"{server.host}:{server.port}/{PATH}@{image().digest}"
        assert VERSIONS in rig.template["metadata"]["annotations"].values()


@pytest.mark.parametrize("step", [answer(401), answer(404), answer(503)], ids=["401", "404", "503"])
def test_where_it_cannot_tell_nothing_is_pinned(tmp_path: Path, step: Step) -> None:
    with ScriptedServer(step) as server:
        rig = rig_at(server, tmp_path)
        with pytest.raises(TransientError, match="nor does the registry") as caught:
            rig.init().run()
        assert caught.value.reason == "ProbedAnotherRepository"
        assert template_image(rig.cluster.set).endswith(":latest")
