"""kubectl against the API server, where it is on PATH."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.clusters.local.api.http import Server
from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.verbs import Api
from tests.local.api.objects import pod, stateful_set

KUBECTL = shutil.which("kubectl")
pytestmark = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on PATH")

Kubectl = Callable[..., str]


@pytest.fixture
def kubectl(server: Server, tmp_path: Path) -> Kubectl:
    """Its output, and its errors after it."""
    config: Json = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": {"server": server.url}}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": "local"}}],
        "users": [{"name": "local", "user": {}}],
        "current-context": "local",
    }
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "kubeconfig")}

    def run(*arguments: str, said: Json | None = None) -> str:
        command = [str(KUBECTL), "--request-timeout=30s", *arguments]
        given = json.dumps(said) if said else ""
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, env=environment, timeout=120, check=False
        )
        return done.stdout + done.stderr

    return run


def test_get(api: Api, kubectl: Kubectl) -> None:
    assert "No resources found" in kubectl("get", "pods")
    api.create(pod())
    api.create(stateful_set())
    assert kubectl("get", "po").split() == [
        "NAME",
        "READY",
        "STATUS",
        "RESTARTS",
        "AGE",
        "a",
        "0/1",
        "Pending",
        "0",
        "0s",
    ]
    assert kubectl("get", "sts,ns", "-A", "-o", "name").split() == ["statefulset.apps/s", "namespace/default"]
    assert "serviceName: s" in kubectl("get", "sts", "s", "-o", "yaml")
    assert 'Error from server (NotFound): pods "b" not found' in kubectl("get", "pod", "b")
    assert "Image:        registry/one:tag" in kubectl("describe", "pod", "a")


def test_apply_by_the_client(api: Api, kubectl: Kubectl) -> None:
    body = stateful_set()
    assert kubectl("apply", "-f", "-", said=body) == "statefulset.apps/s created\n"
    assert kubectl("apply", "-f", "-", said=body) == "statefulset.apps/s unchanged\n"
    containers = body["spec"]["template"]["spec"]["containers"]
    del containers[0]
    containers[0]["image"] = "registry/one:new"
    assert kubectl("apply", "-f", "-", said=body) == "statefulset.apps/s configured\n"
    there = api.get("StatefulSet", "s", "default")["spec"]["template"]["spec"]["containers"]
    assert [(one["name"], one["image"]) for one in there] == [("b", "registry/one:new"), ("c", "registry/one:tag")]
    body["spec"]["serviceName"] = "other"
    assert "updates to statefulset spec for fields other than" in kubectl("apply", "-f", "-", said=body)


def test_changes(api: Api, kubectl: Kubectl) -> None:
    api.create(stateful_set())
    assert kubectl("annotate", "sts", "s", "k=v") == "statefulset.apps/s annotated\n"
    assert api.get("StatefulSet", "s", "default")["metadata"]["generation"] == 1
    assert kubectl("scale", "sts", "s", "--replicas=3") == "statefulset.apps/s scaled\n"
    assert kubectl("rollout", "restart", "sts/s") == "statefulset.apps/s restarted\n"
    image = '{"spec":{"template":{"spec":{"containers":[{"name":"b","image":"new"}]}}}}'
    assert kubectl("patch", "sts", "s", "-p", image) == "statefulset.apps/s patched\n"
    body = api.get("StatefulSet", "s", "default")
    assert body["metadata"]["annotations"] == {"k": "v"}
    assert (body["metadata"]["generation"], body["spec"]["replicas"]) == (4, 3)
    assert "kubectl.kubernetes.io/restartedAt" in body["spec"]["template"]["metadata"]["annotations"]
    revision = {"currentRevision": "r", "updateRevision": "r", "observedGeneration": 4}
    counts = {"replicas": 3, "readyReplicas": 3, "updatedReplicas": 3}
    api.set_status("StatefulSet", "s", "default", body["metadata"]["uid"], {**revision, **counts})
    assert "roll out complete: 3 new pods" in kubectl("rollout", "status", "sts/s", "--timeout=30s")


def test_logs(api: Api, kubectl: Kubectl) -> None:
    api.create(pod(nodeName="local"))
    assert kubectl("logs", "a", "--tail=2") == "a/main (False, 2, None, False)\n"
    assert kubectl("logs", "-f", "a") == "main None False\nthe end\n"


def test_delete(api: Api, kubectl: Kubectl) -> None:
    api.create(pod())
    api.create(stateful_set())
    assert kubectl("delete", "pod", "a", "--timeout=30s").startswith('pod "a" deleted')
    assert kubectl("delete", "sts", "s", "--cascade=orphan", "--timeout=30s").startswith('statefulset.apps "s" deleted')
    assert api.list("StatefulSet")["items"] == []
