"""Another field manager applies the manifest every ten seconds, as GitOps tools do; docs/gitops.md tells of it."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from e2e.kit import shipped
from e2e.kit.api import STRATEGIC, Api, Json, RefusedError
from e2e.kit.endings import until_ended
from e2e.kit.installation import Installation, kubectl_apply
from e2e.kit.manifests import (
    INIT,
    NODE,
    PIN_ATTEMPTS_ANNOTATION,
    RESULTS_ANNOTATION,
    SIDECAR,
    TRACKED_TAG_ANNOTATION,
    VERSIONS_ANNOTATION,
)
from e2e.kit.rig import Rig

pytestmark = pytest.mark.scripted

EVERY_SECONDS = 10.0
TOOL, OURS = "gitops-tool", "bootstrap-monitor"
CONFIGURATION = 78
BOOTSTRAPPING = {"bootstrapping": ["2Z36RnQuk1hvsnFeGWzfZUfXNr7w1SjzmDQ78YxfTVNAkDq3nZ"]}


def test_a_tool_that_leaves_the_image_alone(rig: Rig) -> None:
    """The pin is kept, the test passes, and the next image is followed; an edit by the tool is rolled out."""
    rig.node_image.push()
    installation = Installation(rig=rig)
    rig.deploy(installation)
    rig.until_pinned()
    manifest = _without_image(_manifest(rig, installation))
    with _applied(rig, lambda: manifest) as answers:
        [first] = rig.until_results(1)
        rig.node_image.push()
        second, older = rig.until_results(2)
        seen = len(answers)
        rig.until(lambda: len(answers) > seen + 1, "two more applications")
    assert set(answers) == {"applied"}
    assert older == first
    assert second["image"] == rig.template_image() == rig.pod_image() == rig.node_image.pinned
    # Created, pinned, and the next image: the tool changed nothing.
    assert rig.stateful_set()["metadata"]["generation"] == 3
    assert len(rig.history.uids(rig.pod_name)) == 3
    assert _owned(rig, OURS) == {
        *_annotations("f:metadata", RESULTS_ANNOTATION, PIN_ATTEMPTS_ANNOTATION),
        *_annotations("f:spec f:template f:metadata", VERSIONS_ANNOTATION, TRACKED_TAG_ANNOTATION),
        f'f:spec f:template f:spec f:containers k:{{"name":"{NODE}"}} f:image',
    }


@pytest.mark.wide
def test_a_tool_that_insists_on_its_image(rig: Rig) -> None:
    """Pinned again, twice; then the program gives up with words, and the data of the test are there yet."""
    rig.node_image.push(BOOTSTRAPPING)
    installation = Installation(rig=rig)
    rig.deploy(installation)
    rig.until_logged("Node reported unhealthy", SIDECAR)
    rig.until_node_runs()
    kept = rig.node_data() / "db" / "kept"
    kept.touch()
    details = rig.details()
    manifest = _manifest(rig, installation)
    with _applied(rig, lambda: manifest):
        [ended] = until_ended(rig, INIT, CONFIGURATION)[:1]
    assert ended["message"].startswith("PinReverted: ")
    assert f"set it to `{details['image']}`" in ended["message"]
    assert rig.template_image() == rig.node_image.floating
    assert kept.exists()
    assert rig.details() == details

    # The way out, as the message has it: the tool ignores the image, and a person sets it to the test's digest.
    lives = rig.history.uids(rig.pod_name)
    pinned: Json = {"name": NODE, "image": details["image"]}
    with _applied(rig, lambda: _without_image(manifest)):
        rig.patch({"spec": {"template": {"spec": {"containers": [pinned]}}}}, STRATEGIC)
        rig.until(lambda: rig.pod_image() == details["image"], "a pod with the test's image")
        rig.until_node_runs(rig.pod_uid)
        rig.tell_node(bootstrapping=[])
        [result] = rig.until_results(1)
    assert (result["verdict"], result["start"]) == ("passed", details["startTime"])
    assert result["image"] == details["image"]
    assert kept.exists()
    assert rig.pod_uid not in lives


@pytest.mark.wide
def test_kubectl(rig: Rig) -> None:
    """The ways of `kubectl apply`, after a test: by the server, with and without force and image, and by the client."""
    rig.node_image.push()
    installation = Installation(rig=rig)
    rig.deploy(installation)
    [result] = rig.until_results(1)
    uid, manifest = rig.pod_uid, _manifest(rig, installation)

    refused = kubectl_apply(rig, [manifest], "--server-side", "--field-manager=people")
    image = f'.spec.template.spec.containers[name="{NODE}"].image'
    assert refused.returncode != 0
    assert f'Apply failed with 1 conflict: conflict with "{OURS}" using apps/v1: {image}' in refused.stderr
    done = kubectl_apply(rig, [_without_image(manifest)], "--server-side", "--force-conflicts")
    assert (done.returncode, done.stderr) == (0, "")
    assert rig.stateful_set()["metadata"]["generation"] == 2
    assert (rig.template_image(), rig.pod_uid) == (rig.node_image.pinned, uid)

    # The client puts the tag back: pinned again, and the test is the one that it was.
    assert kubectl_apply(rig, [manifest]).returncode == 0
    rig.until(lambda: len(_attempts(rig)) == 2, "another pin")
    rig.until_logged("Resuming bootstrap test", INIT, uid=rig.until_pinned())
    rig.until(lambda: rig.pod_uid != uid and rig.template_image() == rig.node_image.pinned, "the pin")
    assert rig.results() == [result]


def _manifest(rig: Rig, installation: Installation) -> Json:
    return shipped.only("StatefulSet", installation.objects(rig.namespace))


def _without_image(manifest: Json) -> Json:
    left = copy.deepcopy(manifest)
    for one in left["spec"]["template"]["spec"]["containers"]:
        if one["name"] == NODE:
            del one["image"]
    return left


@contextmanager
def _applied(rig: Rig, manifest: Callable[[], Json]) -> Iterator[list[str]]:
    """By server-side apply with force, at once and then at each interval; what came of each."""
    answers: list[str] = []
    stop = threading.Event()

    def apply() -> None:
        with closing(Api(rig.cluster.kubeconfig, rig.namespace)) as api:
            while not stop.wait(EVERY_SECONDS):
                try:
                    api.apply(manifest(), TOOL)
                    answers.append("applied")
                except RefusedError as refused:
                    answers.append(str(refused))

    thread = threading.Thread(target=apply, name=f"{TOOL} of {rig.namespace}", daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        stop.set()
        thread.join()


def _attempts(rig: Rig) -> list[Json]:
    return list(json.loads(rig.annotation(PIN_ATTEMPTS_ANNOTATION) or "[]"))


def _owned(rig: Rig, manager: str) -> set[str]:
    """Paths of the fields that this manager owns, as `managedFields` writes them."""

    def leaves(fields: Json, path: str) -> Iterator[str]:
        for name, below in fields.items():
            if name != ".":
                yield from leaves(below, f"{path} {name}") if below else [f"{path} {name}"]

    entries = rig.stateful_set()["metadata"]["managedFields"]
    return {leaf.strip() for one in entries if one["manager"] == manager for leaf in leaves(one["fieldsV1"], "")}


def _annotations(of: str, *keys: str) -> list[str]:
    return [f"{of} f:annotations f:{key}" for key in keys]
