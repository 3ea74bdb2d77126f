"""Options: where they are read from, and what is refused."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from bootstrap_monitor.core.archive.format import Format as ArchiveFormat
from bootstrap_monitor.core.on_failure import OnFailure
from bootstrap_monitor.core.registry.insecure import InsecureRegistry
from bootstrap_monitor.core.restore import source_name
from bootstrap_monitor.core.restore.reserve import Reserve
from bootstrap_monitor.log import LogFormat, LogLevel
from tests.cli.in_process import Invoke, program
from tests.cli.known_options import options_of, variable

INIT, WAIT, RESTORE = "init", "wait-for-completion", "restore"
REQUIRED = {
    "--namespace": "rig",
    "--pod-name": "test-0",
    "--node-container-name": "avago",
    "--data-dir": "/data",
}
WORDS = [f"{name}={value}" for name, value in REQUIRED.items()]
IN_POD = (INIT, WAIT)
SOURCE = "https://archives.local/fuji.tar.zst"
HASH = "0123456789abcdef" * 4
ARCHIVE_DEFAULTS: dict[str, Any] = {
    "metadata": None,
    "sha256": None,
    "metadata_sha256": None,
    "format": None,
    "strip_components": None,
    "staging_dir": None,
    "connections": 4,
    "read_stall_timeout": timedelta(minutes=2),
    "retry_budget": timedelta(minutes=30),
    "reserve": None,
}
ARCHIVE_GIVEN: dict[str, tuple[str, Any]] = {
    "metadata": ("s3://bucket/fuji.json", source_name.parse("s3://bucket/fuji.json")),
    "sha256": (f"sha256:{HASH.upper()}", HASH),
    "metadata-sha256": (HASH, HASH),
    "format": ("zstd", ArchiveFormat.ZSTD),
    "strip-components": ("0", 0),
    "staging-dir": ("/staging", "/staging"),
    "connections": ("1", 1),
    "read-stall-timeout": ("10s", timedelta(seconds=10)),
    "retry-budget": ("1h", timedelta(hours=1)),
    "reserve": ("10Gi", Reserve(0.0, 10 << 30)),
}
ARCHIVE_BAD: dict[str, tuple[str, ...]] = {
    "metadata": ("", "ftp://a/b", "https://"),
    "sha256": ("", "abc", HASH[1:], "g" * 64),
    "metadata-sha256": ("",),
    "format": ("", "zip", "GZIP"),
    "strip-components": ("", "-1", "one"),
    "staging-dir": ("", "staging"),
    "connections": ("", "0"),
    "read-stall-timeout": ("", "2"),
    "retry-budget": ("", "0s"),
    "reserve": ("", "100%", "-1", "ten", "5x"),
}
DEFAULTS: dict[str, dict[str, Any]] = {
    INIT: {
        "node_data_dir": None,
        "tracked_tag": None,
        "probe_timeout": timedelta(minutes=10),
        "registry_check": True,
        "insecure_registry": [],
        "initial_db_archive": None,
        **{f"initial_db_{name}": value for name, value in ARCHIVE_DEFAULTS.items()},
        "dry_run": False,
        "log_format": LogFormat.AUTO,
        "log_level": LogLevel.INFO,
    },
    RESTORE: {
        "node_data_dir": None,
        **ARCHIVE_DEFAULTS,
        "log_format": LogFormat.AUTO,
        "log_level": LogLevel.INFO,
    },
    WAIT: {
        "node_uri": "http://127.0.0.1:9650",
        "health_check_interval": timedelta(minutes=1),
        "image_check_interval": timedelta(minutes=5),
        "healthy_samples": 3,
        "max_duration": None,
        "stall_timeout": timedelta(hours=6),
        "max_restarts": 5,
        "min_free": 5.0,
        "not_started_timeout": timedelta(minutes=30),
        "on_failure": OnFailure.NEXT,
        "tracked_tag": None,
        "probe_timeout": timedelta(minutes=10),
        "registry_check": True,
        "insecure_registry": [],
        "log_format": LogFormat.AUTO,
        "log_level": LogLevel.INFO,
    },
}
GIVEN: dict[str, tuple[str, Any]] = {
    "--namespace": ("other", "other"),
    "--pod-name": ("other-0", "other-0"),
    "--node-container-name": ("node", "node"),
    "--data-dir": ("/volume", "/volume"),
    "--node-data-dir": ("db", "db"),
    "--tracked-tag": ("nightly", "nightly"),
    "--probe-timeout": ("1h1m", timedelta(minutes=61)),
    "--registry-check": ("true", True),
    "--insecure-registry": ("registry.local:5000", [InsecureRegistry("registry.local", 5000)]),
    "--dry-run": ("true", True),
    "--log-format": ("JSON", LogFormat.JSON),
    "--log-level": ("Debug", LogLevel.DEBUG),
    "--node-uri": ("http://[::1]:9650", "http://[::1]:9650"),
    "--health-check-interval": ("500ms", timedelta(milliseconds=500)),
    "--image-check-interval": ("1m30s", timedelta(seconds=90)),
    "--healthy-samples": ("1", 1),
    "--max-duration": ("336h", timedelta(days=14)),
    "--stall-timeout": ("90m", timedelta(minutes=90)),
    "--max-restarts": ("2", 2),
    "--min-free": ("2.5%", 2.5),
    "--not-started-timeout": ("1h", timedelta(hours=1)),
    "--on-failure": ("Hold", OnFailure.HOLD),
    "--initial-db-archive": (SOURCE, source_name.parse(SOURCE)),
    **{f"--{name}": given for name, given in ARCHIVE_GIVEN.items()},
    **{f"--initial-db-{name}": given for name, given in ARCHIVE_GIVEN.items()},
}
BAD = {
    "--namespace": ("", " "),
    "--pod-name": ("",),
    "--node-container-name": ("", " "),
    "--data-dir": ("", "data", "./data"),
    "--tracked-tag": ("", "no tag", ".hidden", "latest@sha256:0"),
    "--probe-timeout": ("", "10", "0s", "-1m", "1d", "1 m", "10min"),
    "--insecure-registry": ("", "http://registry.local", "registry.local/avax", "registry.local:0", "a b", "a,b"),
    "--health-check-interval": ("1", "0", "soon", "300y"),
    "--image-check-interval": ("5", "0m", "-5m"),
    "--healthy-samples": ("", "0", "-1", "1.5", "three", "\u0663", "9" * 5000),
    "--max-duration": ("", "14d", "0s"),
    "--stall-timeout": ("", "6", "0h"),
    "--max-restarts": ("", "0", "-1"),
    "--min-free": ("", "%", "-1", "100", "nan", "five", "5%%"),
    "--not-started-timeout": ("", "30"),
    "--on-failure": ("", "stop"),
    "--node-uri": ("", "127.0.0.1:9650", "ftp://127.0.0.1", "http://", "http://[::1", "http://a:b", "http://a:0"),
    "--log-format": ("", "xml"),
    "--log-level": ("", "loud"),
    "--initial-db-archive": ("", "ftp://a/b", "s3://bucket", "https://user:secret@"),
    **{f"--{name}": bad for name, bad in ARCHIVE_BAD.items()},
    **{f"--initial-db-{name}": bad for name, bad in ARCHIVE_BAD.items()},
}


def words_of(command: str, *, but: str = "") -> list[str]:
    """What is required."""
    given = [f"{name}={value}" for name, value in REQUIRED.items() if name in options_of(command) and name != but]
    return [*given, SOURCE] if command == RESTORE else given


def _command_late(words: list[str], command: str, others: list[str]) -> list[str]:
    """Behind all options."""
    arguments = others.index(SOURCE) if SOURCE in others else len(others)
    return [*words, *others[:arguments], command, *others[arguments:]]


def parsed(*words: str) -> tuple[str, dict[str, Any]]:
    """The command and its values, as they would be handed to it."""
    context = program().make_context("bootstrap-monitor", list(words))
    name, command, rest = program().resolve_command(context, [*context._protected_args, *context.args])
    values = command.make_context(name, rest, parent=context).params
    # A list's kind is typer's own matter.
    return name, {key: list(value) if type(value) is tuple else value for key, value in values.items()}


def key(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*map(variable, GIVEN), "POD_NAMESPACE", "POD_NAME"]:
        monkeypatch.delenv(name, raising=False)


def test_the_tables_here_have_every_option() -> None:
    assert options_of(INIT) | options_of(WAIT) | options_of(RESTORE) == set(GIVEN)
    assert set(GIVEN) - set(BAD) == {"--dry-run", "--registry-check", "--node-data-dir"}, "any text is a path"


@pytest.mark.parametrize("command", DEFAULTS)
def test_defaults(command: str) -> None:
    values: dict[str, Any] = {key(option): value for option, value in REQUIRED.items() if option in options_of(command)}
    if command == RESTORE:
        values["source"] = source_name.parse(SOURCE)
    assert parsed(command, *words_of(command)) == (command, {**values, **DEFAULTS[command]})


@pytest.mark.parametrize(
    ("command", "option"), [(command, option) for command in DEFAULTS for option in sorted(options_of(command))]
)
def test_each_option_is_taken_behind_and_before_the_command_and_from_its_variable(
    command: str, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, value = GIVEN[option]
    others = words_of(command, but=option)
    spelled = [[option]] if value is True else [[option, text], [f"{option}={text}"]]
    for words in spelled:
        for line in ([command, *words, *others], [*words, command, *others], _command_late(words, command, others)):
            name, values = parsed(*line)
            assert (name, values[key(option)]) == (command, value)

    monkeypatch.setenv(variable(option), text)
    assert parsed(command, *others)[1][key(option)] == value


@pytest.mark.parametrize("command", IN_POD)
def test_variables_of_upstreams_manifests(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NAMESPACE", "by-env")
    monkeypatch.setenv("POD_NAME", "by-env-0")
    values = parsed(command, "--node-container-name=avago", "--data-dir=/data")[1]
    assert (values["namespace"], values["pod_name"]) == ("by-env", "by-env-0")


@pytest.mark.parametrize("name", ["POD_NAME", "BOOTSTRAP_MONITOR_POD_NAME"])
def test_an_option_beats_a_variable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "by-env-0")
    assert parsed(INIT, *WORDS)[1]["pod_name"] == "test-0"


def test_our_variable_beats_the_common_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NAME", "common-0")
    monkeypatch.setenv("BOOTSTRAP_MONITOR_POD_NAME", "ours-0")
    assert parsed(INIT, *[word for word in WORDS if "pod-name" not in word])[1]["pod_name"] == "ours-0"


@pytest.mark.parametrize("command", IN_POD)
def test_the_registry_check_is_on_until_it_is_switched_off(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in ([command, *WORDS, "--no-registry-check"], ["--no-registry-check", command, *WORDS]):
        assert parsed(*line)[1]["registry_check"] is False
    monkeypatch.setenv("BOOTSTRAP_MONITOR_REGISTRY_CHECK", "false")
    assert parsed(command, *WORDS)[1]["registry_check"] is False


@pytest.mark.parametrize("command", IN_POD)
def test_several_insecure_registries(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [InsecureRegistry("a.local"), InsecureRegistry("b.local", 5000)]
    words = ["--insecure-registry=a.local", "--insecure-registry", "b.local:5000"]
    assert parsed(command, *WORDS, *words)[1]["insecure_registry"] == both
    monkeypatch.setenv("BOOTSTRAP_MONITOR_INSECURE_REGISTRY", " a.local  b.local:5000 ")
    assert parsed(command, *WORDS)[1]["insecure_registry"] == both


CASES = [(option, value) for option, values in BAD.items() for value in values]


@pytest.mark.parametrize(("option", "value"), CASES, ids=[f"{option}={value[:20]}" for option, value in CASES])
def test_a_bad_value_is_a_usage_error_that_names_the_option_and_an_example(
    invoke: Invoke, option: str, value: str
) -> None:
    command = next(one for one in DEFAULTS if option in options_of(one))
    result = invoke(command, *words_of(command), option, value)
    assert result.exit_code == 2
    assert option in result.stderr
    said = " ".join(result.stderr.partition("Invalid value for")[2].partition(": ")[2].split())
    assert set(re.findall(r"'([^']*)'", said)) - {value}, "an example, in quotes"
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("command", "option"),
    [(command, option) for command in DEFAULTS for option in REQUIRED if option in options_of(command)],
)
def test_a_missing_option_is_a_usage_error(invoke: Invoke, command: str, option: str) -> None:
    result = invoke(command, *words_of(command, but=option))
    assert result.exit_code == 2
    assert f"Missing option '{option}'" in result.stderr


@pytest.mark.parametrize("words", [["--no-such", "init"], ["init", "--no-such"], ["no-such"], ["version", "more"], []])
def test_what_is_unknown_is_a_usage_error(invoke: Invoke, words: list[str]) -> None:
    assert invoke(*words).exit_code == 2
