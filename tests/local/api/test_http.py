"""The API over real sockets: paths, queries, bodies, watches; and a server that goes away."""

from __future__ import annotations

import json
import threading
from typing import Any

import httpx
import pytest

from e2e.clusters.local.api.http import Server
from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.patches import JSON_PATCH, MERGE, STRATEGIC
from e2e.clusters.local.api.verbs import Api
from tests.local.api.objects import PODS, SETS, pod, stateful_set

KIND = {"name": "sts", "kind": "statefulsets", "group": "apps"}


def merge(http: httpx.Client, path: str, body: Json) -> Json:
    answer: Json = http.patch(path, json=body, headers={"Content-Type": MERGE}).json()
    return answer


@pytest.mark.parametrize(
    ("method", "path", "content_type", "body", "status", "reason"),
    [
        ("GET", f"{PODS}/absent", "", "", 404, "NotFound"),
        ("GET", "/api/v1/namespaces/default/absents", "", "", 404, "NotFound"),
        ("GET", "/apis/apps/v1/pods", "", "", 404, "NotFound"),
        ("GET", "/api/v1/pods/there", "", "", 404, "NotFound"),
        ("GET", "/elsewhere", "", "", 404, "NotFound"),
        ("POST", f"{PODS}/there", "application/json", "{}", 405, "MethodNotAllowed"),
        ("PUT", PODS, "application/json", "{}", 405, "MethodNotAllowed"),
        ("PATCH", PODS, MERGE, "{}", 405, "MethodNotAllowed"),
        ("POST", PODS, "application/json", "{", 400, "BadRequest"),
        ("POST", PODS, "application/json", "[]", 400, "BadRequest"),
        ("POST", PODS, "application/yaml", "a: [", 400, "BadRequest"),
        ("POST", PODS, "text/plain", "{}", 415, "UnsupportedMediaType"),
        ("POST", PODS, "application/json", json.dumps(pod("there")), 409, "AlreadyExists"),
        ("POST", PODS, "application/json", json.dumps(stateful_set()), 400, "BadRequest"),
        ("POST", "/api/v1/namespaces/absent/pods", "application/json", json.dumps(pod()), 404, "NotFound"),
        ("PATCH", f"{PODS}/there", "application/json", "{}", 415, "UnsupportedMediaType"),
        ("PATCH", f"{PODS}/there", "", "{}", 415, "UnsupportedMediaType"),
        ("PATCH", f"{PODS}/there", MERGE, "[]", 400, "BadRequest"),
        ("PATCH", f"{PODS}/there", STRATEGIC, "{", 400, "BadRequest"),
        ("PATCH", f"{PODS}/absent", MERGE, "{}", 404, "NotFound"),
        ("PATCH", f"{PODS}/there", JSON_PATCH, '[{"op":"test","path":"/kind","value":"x"}]', 422, "Invalid"),
        ("GET", f"{PODS}?labelSelector=a%20like%20b", "", "", 400, "BadRequest"),
        ("GET", f"{PODS}?fieldSelector=spec.unknown%3Da", "", "", 400, "BadRequest"),
        ("GET", f"{PODS}?watch=true&resourceVersion=x", "", "", 400, "BadRequest"),
        ("GET", f"{PODS}?watch=true&timeoutSeconds=x", "", "", 400, "BadRequest"),
    ],
)
def test_refusals(
    api: Api, http: httpx.Client, method: str, path: str, content_type: str, body: str, status: int, reason: str
) -> None:
    api.create(pod("there"))
    headers = {"Content-Type": content_type} if content_type else {}
    response = http.request(method, path, content=body, headers=headers)
    answer = response.json()
    assert (response.status_code, answer["code"], answer["reason"]) == (status, status, reason)
    assert (answer["kind"], answer["apiVersion"], answer["status"]) == ("Status", "v1", "Failure")


def test_details_of_a_refusal(http: httpx.Client) -> None:
    answer = http.get(f"{SETS}/sts").json()
    assert answer["message"] == 'statefulsets.apps "sts" not found'
    assert answer["details"] == KIND


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("labelSelector=app=x", "ab"),
        ("labelSelector=app==x,tier!=1", "b"),
        ("labelSelector=tier", "ac"),
        ("labelSelector=!tier", "b"),
        ("labelSelector=app in (x, y),tier in (1,2)", "ac"),
        ("labelSelector=tier notin (1)", "bc"),
        ("labelSelector=app!=x", "c"),
        ("fieldSelector=metadata.name=a", "a"),
        ("fieldSelector=metadata.name!=a,metadata.namespace=default", "bc"),
        ("fieldSelector=spec.nodeName=local,status.phase==Pending", "c"),
        ("limit=1", "abc"),
    ],
)
def test_selectors(api: Api, http: httpx.Client, query: str, names: str) -> None:
    for name, labels, node in (
        ("a", {"app": "x", "tier": "1"}, ""),
        ("b", {"app": "x"}, ""),
        ("c", {"tier": "2", "app": "y"}, "local"),
    ):
        body = pod(name, nodeName=node)
        api.create({**body, "metadata": {"name": name, "labels": labels}})
    for path in (PODS, "/api/v1/pods"):
        answer = http.get(f"{path}?{query}").json()
        assert answer["kind"] == "PodList"
        assert "".join(item["metadata"]["name"] for item in answer["items"]) == names


def test_a_watch_of_the_whole_story(api: Api, http: httpx.Client) -> None:
    api.create(pod("a"))
    with http.stream("GET", f"{PODS}?watch=true&timeoutSeconds=60&fieldSelector=metadata.name%3Da") as response:
        events = (json.loads(line) for line in response.iter_lines())
        first = next(events)
        api.create(pod("b"))
        api.patch("Pod", "a", {"metadata": {"labels": {"k": "v"}}}, MERGE, "default")
        second = next(events)
        api.delete("Pod", "a", "default")
        third = next(events)
    assert [one["type"] for one in (first, second, third)] == ["ADDED", "MODIFIED", "DELETED"]
    assert second["object"]["metadata"]["labels"] == {"k": "v"}
    versions = [int(one["object"]["metadata"]["resourceVersion"]) for one in (first, second, third)]
    assert versions == sorted(versions)
    rest = http.get(f"{PODS}?watch=1&timeoutSeconds=1&resourceVersion={versions[0]}").text.splitlines()
    assert [json.loads(line)["type"] for line in rest] == ["ADDED", "MODIFIED", "DELETED"]


def test_a_watch_ends_by_its_time_and_the_connection_stays(http: httpx.Client) -> None:
    assert http.get(f"{PODS}?watch=true&timeoutSeconds=1").text == ""
    assert http.get("/healthz").text == "ok"


def test_a_watch_from_a_version_that_is_forgotten(api: Api, http: httpx.Client) -> None:
    api.create(stateful_set())
    uid = api.get("StatefulSet", "s", "default")["metadata"]["uid"]
    for replicas in range(5100):
        api.set_status("StatefulSet", "s", "default", uid, {"replicas": replicas})
    [line] = http.get(f"{PODS}?watch=true&timeoutSeconds=60&resourceVersion=2").text.splitlines()
    event = json.loads(line)
    assert (event["type"], event["object"]["kind"], event["object"]["code"]) == ("ERROR", "Status", 410)


def test_dry_run_and_yaml(api: Api, http: httpx.Client) -> None:
    text = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\ndata: {a: b}\n"
    headers = {"Content-Type": "application/yaml"}
    path = "/api/v1/namespaces/default/configmaps"
    assert http.post(f"{path}?dryRun=All", content=text, headers=headers).status_code == 201
    assert http.get(f"{path}/c").status_code == 404
    assert http.post(f"{path}?fieldValidation=Strict", content=text, headers=headers).json()["data"] == {"a": "b"}
    assert merge(http, f"{path}/c?dryRun=All", {"data": {"a": "c"}})["data"] == {"a": "c"}
    assert http.delete(f"{path}/c?dryRun=All").status_code == 200
    assert api.get("ConfigMap", "c", "default")["data"] == {"a": "b"}


def test_put_and_status(api: Api, http: httpx.Client) -> None:
    body = api.create(stateful_set())
    body["spec"]["replicas"] = 3
    body["status"] = {"replicas": 3}
    replaced = http.put(f"{SETS}/s", json=body).json()
    assert (replaced["spec"]["replicas"], replaced["status"]["replicas"]) == (3, 0)
    assert http.put(f"{SETS}/s", json=body).json()["reason"] == "Conflict"
    answer = merge(http, f"{SETS}/s/status", {"spec": {"replicas": 9}, "status": {"replicas": 2}})
    assert (answer["spec"]["replicas"], answer["status"]["replicas"]) == (3, 2)
    assert http.get(f"{SETS}/s/scale").json()["status"] == {"replicas": 2, "selector": "app=s"}
    assert merge(http, f"{SETS}/s/scale", {"spec": {"replicas": 0}})["kind"] == "Scale"
    assert api.get("StatefulSet", "s", "default")["spec"]["replicas"] == 0


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("", 400, "a container name must be specified for pod a, choose one of: [main side] or one of the init"),
        ("container=other", 400, "container other is not valid for pod a"),
        ("container=first&tailLines=3", 200, "a/first (False, 3, None, False)\n"),
        ("container=main&previous=true&limitBytes=7&timestamps=true", 200, "a/main (True, None, 7, True)\n"),
        ("container=main&tailLines=-1", 422, "tailLines: Invalid value: -1: must be greater than or equal to 0"),
        ("container=main&limitBytes=0", 422, "limitBytes: Invalid value: 0: must be greater than 0"),
        ("container=main&tailLines=x", 400, "tailLines"),
        ("container=side&follow=true&tailLines=1", 200, "side 1 False\nthe end\n"),
    ],
)
def test_logs(api: Api, http: httpx.Client, query: str, status: int, text: str) -> None:
    containers = [{"name": name, "image": "x"} for name in ("main", "side")]
    api.create(pod(nodeName="local", containers=containers, initContainers=[{"name": "first", "image": "x"}]))
    response = http.get(f"{PODS}/a/log?{query}")
    assert response.status_code == status
    assert text in response.text


def test_the_log_of_a_pod_on_no_node(api: Api, http: httpx.Client) -> None:
    api.create(pod())
    assert http.get(f"{PODS}/a/log").status_code == 204


def test_a_server_that_is_away(api: Api, server: Server, http: httpx.Client) -> None:
    with http.stream("GET", f"{PODS}?watch=true") as response:
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        with pytest.raises(httpx.RemoteProtocolError):
            response.read()
        stopping.join()
    with pytest.raises(httpx.ConnectError):
        http.get("/healthz")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("api")]
    api.create(pod())
    server.start()
    assert http.get(f"{PODS}/a").status_code == 200


def test_many_clients_at_once(api: Api, server: Server) -> None:
    def client(number: int) -> None:
        with httpx.Client(base_url=server.url, timeout=30, verify=False, trust_env=False) as http:
            for turn in range(5):
                http.post(PODS, json=pod(f"p{number}-{turn}")).raise_for_status()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(api.list("Pod")["items"]) == 200


def test_the_kubernetes_client(server: Server) -> None:
    # Takes a second, which each worker would pay.
    import kubernetes  # noqa: PLC0415
    from kubernetes.client import ApiClient, AppsV1Api, Configuration, CoreV1Api  # noqa: PLC0415

    with ApiClient(Configuration(host=server.url)) as client:
        core: Any = CoreV1Api(client)
        apps: Any = AppsV1Api(client)
        core.create_namespace({"metadata": {"name": "n"}})
        created = core.create_namespaced_pod("n", pod())
        assert core.list_namespaced_pod("n").items[0].metadata.uid == created.metadata.uid
        apps.create_namespaced_stateful_set("n", stateful_set())
        body: Json = {"spec": {"template": {"spec": {"containers": [{"name": "b", "image": "new"}]}}}}
        changed = apps.patch_namespaced_stateful_set("s", "n", body, _content_type=STRATEGIC)
        assert [one.name for one in changed.spec.template.spec.containers] == ["a", "b", "c"]
        with pytest.raises(kubernetes.client.ApiException) as caught:
            core.delete_namespaced_pod("a", "n", body={"preconditions": {"uid": "another"}})
        assert (caught.value.status, json.loads(str(caught.value.body))["reason"]) == (409, "Conflict")
        watch: Any = kubernetes.watch.Watch()  # type: ignore[no-untyped-call]
        [event] = watch.stream(core.list_namespaced_pod, "n", timeout_seconds=1)
        assert (event["type"], event["object"].metadata.name) == ("ADDED", "a")
