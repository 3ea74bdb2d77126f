"""The demonstration itself, on the embedded cluster; and what it leaves: nothing, unless it is told to keep it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import psutil
import pytest
import yaml  # type: ignore[import-untyped]

from e2e.demo import farewell
from e2e.demo.stage import Hands, Stage
from e2e.demo.story import syncing
from e2e.kit.api import Api

DEMO = Path(__file__).resolve().parents[2] / "scripts/demo"
SECONDS = 240
STATE = "BOOTSTRAP_MONITOR_LOCAL_STATE"

pytestmark = pytest.mark.not_on("host", "kind", reason="it has a cluster of its own")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a cluster of the test's own; nothing of it may be left."""
    folder = tmp_path / "state"
    monkeypatch.setenv(STATE, str(folder))
    yield folder
    assert processes(folder) == []
    assert not folder.exists()


def processes(state: Path) -> list[psutil.Process]:
    """The cluster's, and those of its containers."""
    found = []
    for process in psutil.process_iter():
        try:
            told = [*process.cmdline(), *process.environ().values()]
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(str(state) in word for word in told):
            found.append(process)
    return found


def run(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([DEMO, "--plain", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def until(demo: subprocess.Popen[str], word: str) -> None:
    """It has said that."""
    assert demo.stdout
    said = []
    for line in demo.stdout:
        said.append(line)
        if word in line:
            return
    raise AssertionError(f"ended with {demo.wait(SECONDS)} before it said {word!r}:\n{''.join(said)}")


def typed(*commands: str) -> str:
    """As into a shell."""
    script = "; ".join(["set -e", *commands])
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, (commands, done.stderr)
    return done.stdout


def test_the_story(state: Path, tmp_path: Path) -> None:
    picture = tmp_path / "demo.svg"
    demo = run("--keep", "--record", str(picture))
    said, _ = demo.communicate(timeout=SECONDS)
    assert demo.returncode == 0, said
    assert re.findall(r"chapter (\d) of 6", said) == list("123456")
    happened = re.findall(r"==> (.*)", said)
    wanted = [
        r"the test is pinned to (\S+):",
        r"(\S+) passed: bootstrapped and healthy in 3 samples in a row",
        r"(\S+) is in mid-test, at C-Chain height [\d,]+",
        r"another pod, the same test: begun at [\d:]+, height [\d,]+ and not 0",
        r"(\S+) passed: bootstrapped and healthy",
        r"(\S+) failed: Unhealthy, for \w+ nothing is left to bootstrap, .*; failing checks: network",
        r"(\S+) passed: bootstrapped and healthy",
        r"pinned to (\S+) again: the same test",
    ]
    assert len(happened) == len(wanted)
    for told, pattern in zip(happened, wanted, strict=True):
        assert re.match(pattern, told), (told, pattern)
    table = said[said.index("The results, newest first") :]
    assert re.findall(r"^sha256:\w+ +(passed|failed) +(\w+)", table, re.MULTILINE) == [
        ("passed", "Bootstrapped"),
        ("failed", "Unhealthy"),
        ("passed", "Bootstrapped"),
        ("passed", "Bootstrapped"),
    ]
    assert picture.stat().st_size < 300_000
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")

    # It is left up, and what is printed ends it.
    assert processes(state)
    end = said.partition("To end it:")[2].split()
    assert end == ["scripts/cluster", "local", "down"]
    subprocess.run(end, cwd=DEMO.parents[1], check=True, timeout=SECONDS)


@pytest.mark.parametrize(
    ("word", "number"),
    [("Ctrl-C ends it at any time", signal.SIGINT), ("Decided", signal.SIGTERM)],
    ids=["while-the-cluster-starts", "in-the-story"],
)
@pytest.mark.usefixtures("state")
def test_interrupted(word: str, number: signal.Signals) -> None:
    demo = run("--keep")
    until(demo, word)
    demo.send_signal(number)
    said, _ = demo.communicate(timeout=SECONDS)
    assert demo.returncode == 128 + number, said
    assert "Traceback" not in said


def test_a_cluster_that_ran_before_stays(state: Path) -> None:
    """By Ctrl-C in the story, too."""
    stage = Stage("local")
    try:
        cluster = stage.cluster()
        before = {process.pid for process in processes(state)}
        demo = run()
        until(demo, "Decided")
        demo.send_signal(signal.SIGINT)
        said, _ = demo.communicate(timeout=SECONDS)
        assert demo.returncode == 130, said
        with closing(Api(cluster.kubeconfig)) as api:
            assert [one["metadata"]["name"] for one in api.list("Namespace") if "demo" in one["metadata"]["name"]] == []
        assert {process.pid for process in processes(state)} == before
    finally:
        stage.clear()


@pytest.mark.skipif(not shutil.which("kubectl"), reason="there is no kubectl on PATH")
@pytest.mark.usefixtures("state")
def test_what_is_printed_to_type() -> None:
    stage = Stage("local")
    try:
        cluster = stage.cluster()
        rig = stage.rig(cluster)
        hands = Hands(rig)
        hands.push(syncing(0))
        hands.apply()
        rig.until_logged("Bootstrap completed successfully")
        printed = farewell.commands(cluster, rig.namespace, rig.name, "local", ran_before=False)
        export, *commands = [line.strip() for line in printed.partition("To end it:")[0].splitlines()[1:] if line]
        uid = rig.pod_uid
        pods, log, stateful_set, deleted = [typed(export, command) for command in commands]
        assert re.search(rf"^{rig.pod_name} +[12]/2 +Running +0 ", pods, re.MULTILINE)
        assert "Bootstrap completed successfully" in log
        assert yaml.safe_load(stateful_set)["metadata"]["name"] == rig.name
        assert f'pod "{rig.pod_name}" deleted' in deleted
        assert rig.until_replaced(uid)
    finally:
        stage.clear()
