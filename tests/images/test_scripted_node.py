"""The scripted node as a process: what it answers has the shapes of the real one's answers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

NODE = Path(__file__).resolve().parents[2] / "images/scripted-node/avalanchego"
SECONDS = 10
Start = Callable[..., "Node"]


class Node:
    def __init__(self, data: Path, told: dict[str, Any], environment: dict[str, str], *arguments: str) -> None:
        variables = {"AVAGO_HTTP_HOST": "127.0.0.1", "AVAGO_HTTP_PORT": "0", "AVAGO_DATA_DIR": str(data)}
        variables |= {"SCRIPTED_NODE": json.dumps(told), "PYTHONDONTWRITEBYTECODE": "1", **environment}
        self.process = subprocess.Popen(
            [sys.executable, NODE, *arguments], env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True
        )

    def lines_until(self, word: str) -> str:
        assert self.process.stdout
        for line in self.process.stdout:
            if word in line:
                return line
        raise AssertionError(f"ended with {self.process.wait(SECONDS)} before it said {word!r}")

    @property
    def client(self) -> httpx.Client:
        address = json.loads("{" + self.lines_until("listening").partition("{")[2])["address"]
        return httpx.Client(base_url=f"http://{address}", timeout=SECONDS, verify=False, trust_env=False)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    nodes: list[Node] = []

    def start_node(*arguments: str, told: dict[str, Any] | None = None, **environment: str) -> Node:
        nodes.append(Node(tmp_path, told or {}, environment, *arguments))
        return nodes[-1]

    yield start_node
    for node in nodes:
        node.process.kill()
        node.process.communicate()


def test_version_json_is_one_object_that_image_and_pod_may_change(start: Start) -> None:
    node = start(
        "--version-json", told={"version": {"rpcchainvm": 46}}, SCRIPTED_NODE_IMAGE='{"version": {"commit": "c"}}'
    )
    printed, _ = node.process.communicate(timeout=SECONDS)
    assert json.loads(printed) == {
        "application": "avalanchego/1.14.2", "database": "v1.4.5", "rpcchainvm": 46, "commit": "c", "go": "1.26.8",
    }  # fmt: skip


def test_health_while_bootstrapping_and_after(start: Start) -> None:
    with start(told={"bootstrapping": ["S1"], "heights": {"C": 30}}).client as client:
        answer = client.get("/ext/health")
        body = answer.json()
        assert (answer.status_code, body["healthy"]) == (503, False)
        assert body["checks"]["bootstrapped"]["message"] == ["S1"]
        assert body["checks"]["bootstrapped"]["error"] == "subnets not bootstrapped"
        assert body["checks"]["bootstrapped"]["contiguousFailures"] == 1
        assert body["checks"]["C"]["message"]["engine"]["consensus"] == {}
        assert body["checks"]["diskspace"]["message"]["availableDiskBytes"] > 0
        assert client.get("/ext/health/readiness").status_code == 503
        assert client.get("/ext/health/liveness").json() == {"checks": {}, "healthy": True}

        client.put("/control", json={"bootstrapping": []}).raise_for_status()
        answer = client.get("/ext/health")
        body = answer.json()
        assert (answer.status_code, body["healthy"]) == (200, True)
        assert body["checks"]["bootstrapped"]["message"] == []
        assert "error" not in body["checks"]["bootstrapped"]
        assert body["checks"]["C"]["message"]["engine"]["consensus"]["lastAcceptedHeight"] == 30


def test_failing_checks_and_low_disk(start: Start) -> None:
    with start(told={"healthy": False}).client as client:
        assert "error" in client.get("/ext/health").json()["checks"]["network"]
        client.put("/control", json={"healthy": None, "checks": {"validation": {"error": "no"}, "router": None}})
        body = client.get("/ext/health").json()
        assert (body["healthy"], body["checks"]["validation"]["error"], "router" in body["checks"]) == (
            False,
            "no",
            False,
        )
        client.put("/control", json={"checks": {"validation": {"error": None}}, "availableDiskBytes": 1})
        assert "disk space" in client.get("/ext/health").json()["checks"]["diskspace"]["error"]


def test_metrics_and_info(start: Start) -> None:
    with start(told={"heights": {"P": 7}, "fetched": {"C": 9}}, AVAGO_PARTIAL_SYNC_PRIMARY_NETWORK="").client as client:
        metrics = client.get("/ext/metrics").text.splitlines()
        assert 'avalanche_snowman_last_accepted_height{chain="P"} 7' in metrics
        assert 'avalanche_snowman_bs_fetched{chain="C"} 9' in metrics
        assert len([line for line in metrics if line.startswith("# TYPE")]) == len(
            {line for line in metrics if "#" in line}
        )

        def info(method: str, **parameters: str) -> Any:
            request = {"jsonrpc": "2.0", "id": 1, "method": f"info.{method}", "params": parameters}
            return client.post("/ext/info", json=request).json()

        assert info("isBootstrapped", chain="C")["result"] == {"isBootstrapped": True}
        assert info("getNodeVersion")["result"]["version"] == "avalanchego/1.14.2"
        assert info("getNodeID")["result"]["nodeID"].startswith("NodeID-")
        assert "no chain" in info("isBootstrapped", chain="Q")["error"]["message"]


def test_progress_by_chain_ends_at_its_tip(start: Start) -> None:
    with start(told={"blocksPerSecond": {"P": 1e9}, "tips": {"P": 80}, "heights": {"P": 50, "C": 5}}).client as client:
        while 'last_accepted_height{chain="P"} 80' not in (metrics := client.get("/ext/metrics").text):
            pass
        assert 'last_accepted_height{chain="C"} 5' in metrics


def test_progress_goes_on_where_the_node_before_was(start: Start, tmp_path: Path) -> None:
    node = start(told={"keepsProgress": True})
    with node.client as client:
        while not (tmp_path / "db" / "age").exists():
            client.get("/ext/health")
        node.process.terminate()
        node.process.wait(SECONDS)
    (tmp_path / "db" / "age").write_text("3600")
    with start(told={"keepsProgress": True, "blocksPerSecond": 1, "healthyAfterSeconds": 3000}).client as client:
        assert client.get("/ext/health").status_code == 200
        [height] = [line for line in client.get("/ext/metrics").text.splitlines() if 'height{chain="C"}' in line]
        assert 3600 <= int(height.split()[-1]) < 7200


def test_partial_sync_has_the_p_chain_only(start: Start) -> None:
    with start(AVAGO_PARTIAL_SYNC_PRIMARY_NETWORK="true").client as client:
        checks = client.get("/ext/health").json()["checks"]
        assert ("P" in checks, "C" in checks) == (True, False)
        request = {"method": "info.isBootstrapped", "params": {"chain": "C"}}
        assert client.post("/ext/info", json=request).json()["result"] == {"isBootstrapped": False}


def test_ways_to_answer_badly(start: Start) -> None:
    with start(told={"healthMode": "html"}).client as client:
        assert client.get("/ext/health").headers["content-type"] == "text/html"
        client.put("/control", json={"healthMode": "empty-503"})
        assert (client.get("/ext/health").status_code, client.get("/ext/health").content) == (503, b"")
        client.put("/control", json={"healthMode": "rubbish-200"})
        with pytest.raises(json.JSONDecodeError):
            client.get("/ext/health").json()
        client.put("/control", json={"healthMode": "close-midbody"})
        with pytest.raises(httpx.RemoteProtocolError):
            client.get("/ext/health")
        client.put("/control", json={"healthMode": "hang"})
        with pytest.raises(httpx.ReadTimeout):
            client.get("/ext/health", timeout=0.2)
        assert client.put("/control", json={"healthMood": "x"}).status_code == 400
        assert client.get("/ext/info", headers={"host": "node.example"}).status_code == 403


def test_refuses_the_data_of_another(start: Start, tmp_path: Path) -> None:
    start(SCRIPTED_NODE_IDENTITY="one").client.close()
    assert [path.name for path in tmp_path.glob("db/MANIFEST-*")] == ["MANIFEST-one"]
    assert start(SCRIPTED_NODE_IDENTITY="two").process.wait(SECONDS) == 3
    start(SCRIPTED_NODE_IDENTITY="one").client.close()
    assert [json.loads(line)["identity"] for line in (tmp_path / "db/started").read_text().splitlines()] == [
        "one",
        "one",
    ]
    start(told={"foreignData": "accept"}, SCRIPTED_NODE_IDENTITY="two").client.close()


def test_db_dir_disk_and_exits(start: Start, tmp_path: Path) -> None:
    node = start(f"--db-dir={tmp_path / 'elsewhere'}", told={"diskBytes": 3 << 20, "exitOnStarts": 1, "exitCode": 9})
    assert node.process.wait(SECONDS) == 9
    node = start("--db-dir", str(tmp_path / "elsewhere"), told={"diskBytes": 3 << 20, "exitOnStarts": 1})
    with node.client as client:
        assert (tmp_path / "elsewhere/ballast").stat().st_blocks * 512 >= 3 << 20
        assert client.put("/control", json={"diskBytes": 0, "exit": 4}).status_code == 200
    assert node.process.wait(SECONDS) == 4
    assert (tmp_path / "elsewhere/ballast").stat().st_size == 0


@pytest.mark.parametrize("ignore", [False, True])
def test_sigterm(start: Start, ignore: bool) -> None:
    node = start(told={"ignoreSigterm": ignore, "exitAfterSeconds": 0.5 if ignore else None, "exitCode": 5})
    node.lines_until("listening")
    asked = time.monotonic()
    node.process.send_signal(signal.SIGTERM)
    assert node.process.wait(SECONDS) == (5 if ignore else 0)
    assert ignore or time.monotonic() - asked < 2
