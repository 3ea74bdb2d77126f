"""`scripts/cluster kind run` and `scripts/e2e --cluster kind`: images are pushed, and a container joins the node."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.e2e_support.kind.machine import NODE, ROOT, Machine

SCENARIOS = "bootstrap-monitor-scenarios"
BUILD = f"{ROOT}/scripts/build-image"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """After a run that has failed."""
    machine = Machine(tmp_path_factory.mktemp("ran"))
    machine.cluster("up")
    machine.forget_calls()
    (machine.world / "exit-code").write_text("5")
    assert machine.cluster("run", "pytest", "-m", "not wide", "--e2e-cluster", "kind").returncode == 5
    return machine


def joined(machine: Machine) -> list[list[str]]:
    return [call.argv for call in machine.calls("docker", "run", "--rm") if f"--name={SCENARIOS}" in call.argv]


def test_command_runs_beside_the_node(ran: Machine) -> None:
    [argv] = joined(ran)
    assert argv[-6:] == [f"{SCENARIOS}:dev", "pytest", "-m", "not wide", "--e2e-cluster", "kind"]
    assert set(argv[3:-6]) == {
        f"--name={SCENARIOS}",
        "--privileged",
        "--userns=host",
        f"--network=container:{NODE}",
        f"--pid=container:{NODE}",
        f"--volume={ROOT}:{ROOT}:ro",
        f"--volume={ROOT}/e2e-report:{ROOT}/e2e-report",
        f"--workdir={ROOT}",
        f"--env=BOOTSTRAP_MONITOR_E2E_REGISTRY_ELSEWHERE=localhost:{ran.port}=172.18.0.3:5000",
        "--env=PYTEST_ADDOPTS=-p no:cacheprovider",
        "--env=TERM=dumb",
    }


def test_images_are_made_before(ran: Machine) -> None:
    registry = f"localhost:{ran.port}"
    assert [call.argv[1:] for call in ran.calls("build-image")] == [
        ["docker", BUILD, f"{registry}/bootstrap-monitor:dev", "--image=bootstrap-monitor", "--push"],
        ["docker", BUILD, f"{registry}/scripted-node:dev", "--image=scripted-node", "--push"],
        ["docker", BUILD, f"{SCENARIOS}:dev", "--image=scenarios"],
    ]
    assert [call.argv[-1] for call in ran.calls("docker", "push")] == [f"{registry}/avalanchego:dev"]
    order = [call.argv[:2] for call in ran.calls()]
    first_run = order.index(["docker", "run"])
    assert first_run > order.index(["docker", "push"])
    assert ["build-image", "docker"] not in order[first_run:]


def test_official_node_of_the_version_that_the_host_cluster_builds(ran: Machine) -> None:
    lines = (ROOT / "e2e/clusters/host/go/avalanchego/go.mod").read_text().splitlines()
    [version] = [line.split()[-1] for line in lines if "ava-labs/avalanchego v" in line]
    [build] = ran.calls("docker", "build")
    assert build.argv[-1] == "-"
    assert f"--tag=localhost:{ran.port}/avalanchego:dev" in build.argv
    assert build.stdin.splitlines()[0] == f"FROM docker.io/avaplatform/avalanchego:{version}"


def test_reports_are_the_user_s(ran: Machine) -> None:
    """Also after a failure: in the container root has written them."""
    reports = f"{ROOT}/e2e-report"
    assert ran.calls("docker")[-1].argv[-4:] == ["chown", "--recursive", f"--reference={reports}", reports]


def test_no_cluster(machine: Machine) -> None:
    done = machine.cluster("run", "pytest")
    assert done.returncode == 4  # to scripts/e2e neither success nor failed scenarios
    assert "the cluster is not up" in done.stderr
    assert "`scripts/cluster kind up`" in done.stderr
    assert joined(machine) == []


def test_one_run_at_a_time(machine: Machine) -> None:
    machine.cluster("up")
    machine.has_container(SCENARIOS, "none", "")
    done = machine.cluster("run", "pytest")
    assert done.returncode == 4
    assert f"docker rm --force {SCENARIOS}" in done.stderr
    assert joined(machine) == []
    assert machine.cluster("down").returncode == 0
    assert machine.containers == []


def test_image_cannot_be_pushed(machine: Machine) -> None:
    machine.cluster("up")
    machine.fails("build-image docker", 1, "connection refused")
    done = machine.cluster("run", "pytest")
    assert done.returncode == 4
    assert "the image bootstrap-monitor cannot be built and pushed" in done.stderr
    assert joined(machine) == []


class TestE2e:
    """`scripts/e2e --cluster kind`."""

    def run(self, machine: Machine, *arguments: str) -> subprocess.CompletedProcess[str]:
        for tool in ("bash", "dirname"):
            (machine.bin / tool).symlink_to(str(shutil.which(tool)))
        return subprocess.run(
            [str(ROOT / "scripts/e2e"), "--cluster", "kind", *arguments],
            env=machine.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def test_makes_a_cluster_runs_both_phases_and_removes_it(self, machine: Machine) -> None:
        (machine.world / "exit-code").write_text("1")
        assert self.run(machine, "--node", "scripted", "-k", "loop").returncode == 1
        first, second = joined(machine)
        assert first[first.index("pytest") :] == [
            *["pytest", "-m", "scripted and not baseline and not wide and not disruptive"],
            *[
                "--e2e-cluster",
                "kind",
                "e2e/scenarios",
                "e2e/conformance",
                "-n",
                "8",
                "--dist",
                "worksteal",
                "-k",
                "loop",
            ],
        ]
        assert second[second.index("-m") + 1] == "scripted and not baseline and not wide and disruptive"
        assert machine.containers == []
        assert machine.clusters == []

    def test_leaves_a_cluster_that_was_up(self, machine: Machine) -> None:
        machine.cluster("up")
        there = machine.containers
        machine.fails("build-image docker", 1, "connection refused")
        assert self.run(machine).returncode == 4
        assert machine.containers == there


def test_demo_is_shown_beside_the_node(machine: Machine) -> None:
    for tool in ("bash", "dirname"):
        (machine.bin / tool).symlink_to(str(shutil.which(tool)))
    command = [str(ROOT / "scripts/demo"), "--cluster", "kind", "--plain"]
    done = subprocess.run(
        command,
        env=machine.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    [argv] = joined(machine)
    assert argv[-6:] == ["python", "-m", "e2e.demo", "--cluster", "kind", "--plain"]
    assert machine.clusters == []
