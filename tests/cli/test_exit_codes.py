"""How the real program ends, and what it says then."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from bootstrap_monitor.core import names
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ExitCode
from tests.cli.served import Ended, Served
from tests.support.cluster import fails
from tests.support.kube_api import TOKEN
from tests.support.manifests import FLOATING, PINNED, details
from tests.support.outcomes import failed, waiting, waits

WORDS = ("--log-level=debug",)
TELL = {"msg": "effect termination message.write"}


def lines(ended: Ended) -> list[JsonObject]:
    return [json.loads(line) for line in ended.stdout.splitlines()]


def _denied(served: Served) -> None:
    served.rig.cluster.always("get_pod", fails(403, "Forbidden", "pods is forbidden"))


def _no_pod(served: Served) -> None:
    served.rig.cluster.always("get_pod", fails(404, "NotFound", "no such pod"))


def _refused(served: Served) -> None:
    served.rig.cluster.always("create_pod", fails(422, "Invalid", "spec is not to the policy's taste"))


def _no_network(served: Served) -> None:
    for container in served.rig.cluster.pod["spec"]["containers"]:
        container["env"] = []


def _newer(served: Served) -> None:
    served.rig.write_details(details(schema=2))


def _unreadable(served: Served) -> None:
    (served.rig.volume / names.DETAILS_FILE).mkdir()


def _bad_image(served: Served) -> None:
    served.rig.cluster.images[FLOATING] = waits(waiting("InvalidImageName", "no"))


def _failed_probe(served: Served) -> None:
    served.rig.cluster.images[FLOATING] = failed(1)


def _nothing(served: Served) -> None:
    pass


def _no_details(served: Served) -> None:
    served.pinned(PINNED)
    (served.rig.volume / names.DETAILS_FILE).unlink()


FAILURES: list[tuple[str, Callable[[Served], None], ExitCode, str]] = [
    ("init", _denied, ExitCode.CONFIGURATION, "Forbidden"),
    ("init", _no_pod, ExitCode.TRY_AGAIN, "NotFound"),
    ("init", _refused, ExitCode.CONFIGURATION, "Invalid"),
    ("init", _no_network, ExitCode.CONFIGURATION, "NetworkMissing"),
    ("init", _newer, ExitCode.CONFIGURATION, "TestDetailsNewerSchema"),
    ("init", _unreadable, ExitCode.TRY_AGAIN, "TestDetailsIOError"),
    ("init", _bad_image, ExitCode.CONFIGURATION, "InvalidImageName"),
    ("init", _failed_probe, ExitCode.TRY_AGAIN, "Error"),
    ("wait-for-completion", _denied, ExitCode.CONFIGURATION, "Forbidden"),
    ("wait-for-completion", _nothing, ExitCode.CONFIGURATION, "ImageNotPinned"),
    (
        "wait-for-completion",
        _no_details,
        ExitCode.TRY_AGAIN,
        "NoTestDetails",
    ),
]


@pytest.mark.parametrize(("command", "break_it", "code", "reason"), FAILURES)
def test_an_expected_failure_is_told_in_three_places(
    served: Served, command: str, break_it: Callable[[Served], None], code: ExitCode, reason: str
) -> None:
    break_it(served)

    ended = served.run(command, *WORDS)

    assert ended.returncode == code
    assert ended.stderr.startswith(f"{reason}: ")
    assert "Traceback" not in ended.stderr
    log = lines(ended)
    [error] = [line for line in log if line["level"] == "error"]
    assert error["msg"] == ended.stderr.rstrip("\n")
    assert TELL.items() <= log[log.index(error) + 1].items()
    assert TOKEN not in ended.stdout + ended.stderr


def test_diagnostics_say_what_to_check_and_do(served: Served) -> None:
    _newer(served)
    ended = served.run("init")
    assert [line.partition(":")[0] for line in ended.stderr.splitlines()] == ["TestDetailsNewerSchema", "Check", "Do"]


def test_a_bug_keeps_its_traceback(served: Served) -> None:
    bug = "from bootstrap_monitor import cli, effects\neffects.observers.append(lambda *_: 1 / 0)\ncli.main()"
    ended = served.run("init", python=("-c", bug))
    assert ended.returncode == ExitCode.BUG
    [told] = [line for line in lines(ended) if "stacktrace" in line]
    assert "ZeroDivisionError" in told["stacktrace"]
    assert "Bug: ZeroDivisionError: division by zero" in ended.stderr


def test_done(served: Served) -> None:
    served.pinned(PINNED)
    ended = served.run("init")
    assert (ended.returncode, ended.stderr) == (ExitCode.DONE, "")
    assert lines(ended)[-1]["msg"] == names.RESUMING


def test_a_dry_run_prints_its_plan_only_and_changes_nothing(served: Served) -> None:
    before = served.rig.world()
    ended = served.run("--dry-run", "init")
    assert ended.returncode == ExitCode.DONE
    assert ended.stdout.startswith("reason: ImageNotPinned\nbecause: ")
    assert served.rig.world() == before


def test_a_kubeconfig_that_is_not_there_is_for_a_person(served: Served) -> None:
    ended = served.run("init", KUBECONFIG=str(served.folder / "none"))
    assert ended.returncode == ExitCode.CONFIGURATION
    assert ended.stderr.startswith("KubeconfigInvalid: ")


def _success(served: Served) -> None:
    served.pinned(PINNED)


@pytest.mark.parametrize("prepare", [_success, _denied])
@pytest.mark.parametrize("log_format", ["json", "plain"])
def test_a_token_is_never_shown(served: Served, prepare: Callable[[Served], None], log_format: str) -> None:
    prepare(served)
    ended = served.run("init", *WORDS, f"--log-format={log_format}", SOME_SECRET=TOKEN)
    assert ended.returncode in {ExitCode.DONE, ExitCode.CONFIGURATION}
    assert TOKEN not in ended.stdout + ended.stderr
    assert ended.stdout


def test_a_kubeconfig_that_is_rubbish_is_not_quoted(served: Served) -> None:
    file = served.folder / "rubbish"
    file.write_text(f"users: [{{token: {TOKEN}: : [")
    ended = served.run("init", *WORDS, KUBECONFIG=str(file))
    assert ended.returncode == ExitCode.CONFIGURATION
    assert TOKEN not in ended.stdout + ended.stderr
