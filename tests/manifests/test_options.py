"""Arguments and variables of the shipped containers are those of the program: a misspelled one is found here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from typer.main import get_command

from bootstrap_monitor.cli import app
from bootstrap_monitor.log import LogFormat
from e2e.kit import shipped
from e2e.kit.api import Json
from e2e.kit.manifests import DATA_DIR, INIT, NODE, SIDECAR

FIELDS = {"metadata.name": "test-0", "metadata.namespace": "rig"}
COMMANDS = {INIT: "init", SIDECAR: "wait-for-completion"}
every_overlay = pytest.mark.parametrize("overlay", shipped.OVERLAYS)
every_command = pytest.mark.parametrize("name", COMMANDS)


def variables(container: Json) -> dict[str, str]:
    """As the kubelet gives them."""
    return {
        one["name"]: FIELDS[one["valueFrom"]["fieldRef"]["fieldPath"]] if "valueFrom" in one else one["value"]
        for one in container["env"]
    }


def parsed(container: Json, monkeypatch: pytest.MonkeyPatch) -> tuple[str, dict[str, Any]]:
    """The command and its values, as the program reads them in this container; ends the test where it refuses."""
    group: Any = get_command(app)
    known = {variable for command in group.commands.values() for option in command.params for variable in _of(option)}
    for variable in known:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in variables(container).items():
        assert variable in known
        monkeypatch.setenv(variable, value)
    context = group.make_context("bootstrap-monitor", list(container["args"]))
    name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
    return name, command.make_context(name, rest, parent=context).params


def _of(option: Any) -> list[str]:
    return [option.envvar] if isinstance(option.envvar, str) else list(option.envvar or [])


def pod_of(overlay: str) -> Json:
    pod: Json = shipped.only("StatefulSet", shipped.objects(overlay))["spec"]["template"]["spec"]
    return pod


@every_overlay
@every_command
def test_a_container_runs_its_command_on_its_pod(overlay: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    command, values = parsed(shipped.container(pod_of(overlay), name), monkeypatch)
    assert command == COMMANDS[name]
    assert (values["pod_name"], values["namespace"]) == tuple(FIELDS.values())
    assert values["node_container_name"] == NODE
    assert values["data_dir"] == DATA_DIR
    assert values["log_format"] == LogFormat.JSON


@pytest.mark.parametrize("archive", shipped.ARCHIVES)
def test_a_job_restores_what_overlays_name(archive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    [container] = shipped.only("Job", shipped.objects(archive))["spec"]["template"]["spec"]["containers"]
    command, values = parsed(container, monkeypatch)
    assert command == "restore"
    assert values["source"].text == variables(container)["BOOTSTRAP_MONITOR_SOURCE"]
    assert values["data_dir"] == "/shared"
    assert values["log_format"] == LogFormat.JSON


@pytest.mark.parametrize("overlay", shipped.OVERLAYS)
def test_a_test_starts_from_the_archive_that_its_overlay_names(overlay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    container = shipped.container(pod_of(overlay), INIT)
    _, values = parsed(container, monkeypatch)
    archive = values["initial_db_archive"]
    assert (archive and archive.text) == variables(container).get("BOOTSTRAP_MONITOR_INITIAL_DB_ARCHIVE")
    assert bool(archive) == overlay.endswith("-from-archive")


@pytest.mark.parametrize("network", ["mainnet", "fuji"])
def test_longer_synchronisations_may_take_longer(network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def longest(mode: str) -> timedelta:
        _, values = parsed(shipped.container(pod_of(f"{network}-{mode}"), SIDECAR), monkeypatch)
        duration: timedelta = values["max_duration"]
        return duration

    assert longest("full-sync") > longest("c-chain-state-sync") > longest("only-p-chain-full-sync") > timedelta(days=1)


@pytest.mark.parametrize(
    "edit",
    [{"args": ["init", "--node-container=avago"]}, {"env": [{"name": "BOOTSTRAP_MONITOR_DATADIR", "value": "/data"}]}],
    ids=["argument", "variable"],
)
def test_a_misspelled_option_would_be_found(edit: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    container = {**shipped.container(pod_of(shipped.OVERLAYS[0]), INIT), **edit}
    with pytest.raises(Exception, match=r"No such option|BOOTSTRAP_MONITOR_DATADIR"):
        parsed(container, monkeypatch)
