"""`scripts/cluster kind up|down|env`: what is made, what is taken, what is left; and what is said when it cannot be."""

from __future__ import annotations

import json
import socket

import pytest
import yaml  # type: ignore[import-untyped]

from tests.e2e_support.kind.machine import CLUSTER, NODE, REGISTRY, Machine


def up(machine: Machine) -> None:
    done = machine.cluster("up")
    assert done.returncode == 0, done.stderr


def down(machine: Machine) -> None:
    done = machine.cluster("down")
    assert done.returncode == 0, done.stderr


def test_up_makes_a_cluster_and_a_registry(machine: Machine) -> None:
    up(machine)
    [registry] = machine.calls("docker", "run")
    assert registry.argv[2:] == [
        "--detach",
        "--restart=always",
        f"--name={REGISTRY}",
        f"--publish=127.0.0.1:{machine.port}:5000",
        "--env=REGISTRY_STORAGE_DELETE_ENABLED=true",
        "docker.io/library/registry:3",
    ]
    [create] = machine.calls("kind", "create")
    options = [f"--name={CLUSTER}", f"--kubeconfig={machine.state}/kubeconfig", "--wait=180s", "--config=-"]
    assert create.argv == ["kind", "create", "cluster", *options]
    assert [call.argv for call in machine.calls("docker", "network")] == [
        ["docker", "network", "connect", "kind", REGISTRY]
    ]


def test_cluster_configuration(machine: Machine) -> None:
    up(machine)
    [create] = machine.calls("kind", "create")
    configuration = yaml.safe_load(create.stdin)
    assert configuration["kind"] == "Cluster"
    assert configuration["apiVersion"] == "kind.x-k8s.io/v1alpha4"
    assert configuration["nodes"] == [{"role": "control-plane"}]
    [kubelet] = map(yaml.safe_load, configuration["kubeadmConfigPatches"])
    assert kubelet["kind"] == "KubeletConfiguration"
    assert kubelet["serializeImagePulls"] is False
    [containerd] = configuration["containerdConfigPatches"]
    assert containerd.splitlines() == [
        '[plugins."io.containerd.grpc.v1.cri".registry]',
        '  config_path = "/etc/containerd/certs.d"',
    ]


def test_node_finds_the_registry_by_both_names(machine: Machine) -> None:
    up(machine)
    hosts = 'server = "http://172.18.0.3:5000"\n[host."http://172.18.0.3:5000"]\n  capabilities = ["pull", "resolve"]\n'
    certs = "/etc/containerd/certs.d"
    written = {call.argv[-1]: call.stdin for call in machine.calls("docker", "exec") if "/dev/stdin" in call.argv}
    assert written == {
        f"{certs}/localhost:{machine.port}/hosts.toml": hosts,
        f"{certs}/172.18.0.3:5000/hosts.toml": hosts,
    }
    [applied] = [call for call in machine.calls("docker", "exec") if "apply" in call.argv]
    config_map = yaml.safe_load(applied.stdin)
    assert (config_map["metadata"]["name"], config_map["metadata"]["namespace"]) == (
        "local-registry-hosting",
        "kube-public",
    )
    assert yaml.safe_load(config_map["data"]["localRegistryHosting.v1"])["host"] == f"localhost:{machine.port}"


def test_up_waits_for_the_node_and_for_storage(machine: Machine) -> None:
    up(machine)
    waits = [call.argv[call.argv.index("wait") :] for call in machine.calls("docker", "exec") if "wait" in call.argv]
    available = ["--for=condition=Available", "--namespace=local-path-storage", "deployment/local-path-provisioner"]
    assert waits == [
        ["wait", "--for=condition=Ready", "node", "--all", "--timeout=180s"],
        ["wait", *available, "--timeout=180s"],
    ]


def test_up_again_makes_nothing(machine: Machine) -> None:
    up(machine)
    machine.forget_calls()
    up(machine)
    for made in (("docker", "run"), ("docker", "start"), ("docker", "network"), ("kind", "create"), ("kind", "delete")):
        assert machine.calls(*made) == []


def test_up_starts_what_has_stopped(machine: Machine) -> None:
    up(machine)
    machine.stop_containers()
    up(machine)
    assert [call.argv[2] for call in machine.calls("docker", "start")] == [REGISTRY, NODE]


def test_own_kubeconfig_only(machine: Machine) -> None:
    """`kind` writes to the user's own where it is not told another."""
    up(machine)
    up(machine)
    down(machine)
    changing = [*machine.calls("kind", "create"), *machine.calls("kind", "export"), *machine.calls("kind", "delete")]
    assert len(changing) == 3
    for call in changing:
        assert f"--kubeconfig={machine.state}/kubeconfig" in call.argv
    assert not (machine.home / ".kube").exists()


def test_down_removes_what_was_made(machine: Machine) -> None:
    up(machine)
    down(machine)
    assert machine.clusters == []
    assert machine.containers == []
    assert not machine.state.exists()
    machine.forget_calls()
    down(machine)
    assert machine.calls() == []


def test_cluster_that_is_there_is_taken_and_stays(machine: Machine) -> None:
    machine.has_cluster(NODE)
    up(machine)
    assert machine.calls("kind", "create") == []
    assert len(machine.calls("kind", "export")) == 1
    up(machine)
    down(machine)
    assert machine.clusters == [CLUSTER]
    assert machine.containers == [NODE]


def test_registry_that_is_there_is_taken_and_stays(machine: Machine) -> None:
    machine.has_container(REGISTRY, "kind", "172.18.0.9")
    up(machine)
    down(machine)
    assert machine.containers == [REGISTRY]
    assert machine.clusters == []


@pytest.mark.parametrize("after", ["up", "down"])
def test_cluster_that_was_cut_off_while_it_was_made(machine: Machine, after: str) -> None:
    machine.fails("kind create cluster", 137, "Killed", done=True)
    assert machine.cluster("up").returncode == 1
    assert machine.clusters == [CLUSTER]
    machine.is_mended()
    assert machine.cluster(after).returncode == 0
    assert len(machine.calls("kind", "delete")) == 1
    assert len(machine.calls("kind", "create")) == (2 if after == "up" else 1)
    assert machine.clusters == ([CLUSTER] if after == "up" else [])


def test_env_before_and_after(machine: Machine) -> None:
    before = machine.cluster("env")
    assert before.returncode == 1
    assert "`scripts/cluster kind up`" in before.stderr
    up(machine)
    told = machine.cluster("env").stdout
    assert f"export KUBECONFIG={machine.state}/kubeconfig\n" in told
    assert f"export BOOTSTRAP_MONITOR_E2E_REGISTRY=localhost:{machine.port}\n" in told
    assert f'kubectl() {{ docker exec --interactive {NODE} kubectl "$@"; }}' in told
    machine.install("kubectl", "true")
    assert "docker" not in machine.cluster("env").stdout


class TestFailures:
    """Each says what happened, what to check and what to do; nothing is made."""

    def refused(self, machine: Machine) -> str:
        done = machine.cluster("up")
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "\n  what to check: " in done.stderr
        assert "\n  what to do: " in done.stderr
        assert machine.clusters == []
        assert REGISTRY not in machine.containers
        return done.stderr

    @pytest.mark.parametrize("tool", ["docker", "kind"])
    def test_not_installed(self, machine: Machine, tool: str) -> None:
        (machine.bin / tool).unlink()
        told = self.refused(machine)
        assert f"`{tool}` is not installed" in told
        assert f"install {tool}" in told.lower()

    def test_daemon_does_not_answer(self, machine: Machine) -> None:
        machine.fails("docker version", 1, "Cannot connect to the Docker daemon")
        told = self.refused(machine)
        assert "its daemon does not answer: Cannot connect to the Docker daemon" in told
        assert "start Docker" in told

    def test_port_in_use(self, machine: Machine) -> None:
        with socket.create_server(("127.0.0.1", machine.port)):
            told = self.refused(machine)
        assert f"port {machine.port} of 127.0.0.1" in told
        assert f"docker ps --filter publish={machine.port}" in told

    def test_registry_cannot_start(self, machine: Machine) -> None:
        """As when a port is taken in docker's own way: the container is made, and does not run."""
        machine.fails("docker run --detach", 125, "Bind for 127.0.0.1 failed: port is already allocated", done=True)
        assert "port is already allocated" in self.refused(machine)

    def test_cluster_cannot_be_made(self, machine: Machine) -> None:
        machine.fails("kind create cluster", 1, "ERROR: failed to create cluster: no space left on device")
        done = machine.cluster("up")
        assert done.returncode == 1
        assert "no space left on device" in done.stderr
        machine.is_mended()
        down(machine)
        assert machine.containers == []

    def test_cluster_of_several_nodes(self, machine: Machine) -> None:
        machine.has_cluster(NODE, f"{CLUSTER}-worker")
        done = machine.cluster("up")
        assert done.returncode == 1
        assert f"{CLUSTER}-worker" in done.stderr
        assert machine.clusters == [CLUSTER]
        down(machine)
        assert set(machine.containers) == {NODE, f"{CLUSTER}-worker"}

    def test_node_never_ready(self, machine: Machine) -> None:
        machine.fails(
            f"docker exec --interactive {NODE} kubectl --kubeconfig=/etc/kubernetes/admin.conf wait", 1, "timed out"
        )
        done = machine.cluster("up")
        assert done.returncode == 1
        assert "timed out" in done.stderr
        assert "`scripts/cluster kind down`" in done.stderr


def test_nothing_of_ours_is_unknown_to_the_record(machine: Machine) -> None:
    up(machine)
    assert json.loads((machine.state / "parts.json").read_text()) == {"registry": "made", "cluster": "made"}
