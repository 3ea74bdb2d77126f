"""The program ``bootstrap-monitor``: options, wiring, and the one place where errors become exit codes."""
# ruff: noqa: PLC0415 - adapters and commands are imported where they are used: `--help` does not pay for them
# No `from __future__ import annotations`: typer would compile each option's annotation again from its text, twice.

import logging
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from bootstrap_monitor import __version__
from bootstrap_monitor import restore_options as archive
from bootstrap_monitor.cli_restore import restore
from bootstrap_monitor.core.command_line import command_first
from bootstrap_monitor.core.on_failure import OnFailure
from bootstrap_monitor.errors import ExitCode, MonitorError, Terminated
from bootstrap_monitor.log import LogFormat, LogLevel, configure
from bootstrap_monitor.options import (
    AfterFailure,
    Container,
    DataDir,
    DryRun,
    Format,
    HealthCheckInterval,
    HealthySamples,
    ImageCheckInterval,
    InsecureRegistries,
    Level,
    MaxDuration,
    MaxRestarts,
    MinFree,
    Namespace,
    NodeDataDir,
    NodeUri,
    NotStartedTimeout,
    PodName,
    ProbeTimeout,
    RegistryCheck,
    StallTimeout,
    TrackedTag,
)

log = logging.getLogger(__name__)

COMMIT_VARIABLE = "BOOTSTRAP_MONITOR_COMMIT"


class _Group(TyperGroup):
    """Options of the commands are also accepted before the command, as upstream's program does."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        takes_value = {
            name: not getattr(option, "is_flag", False)
            for command in self.commands.values()
            for option in command.params
            for name in [*option.opts, *option.secondary_opts]
        }
        rest: list[str] = super().parse_args(ctx, command_first(args, takes_value))
        return rest


_WIDTH = {"max_content_width": 110}

app = typer.Typer(
    cls=_Group,
    context_settings=_WIDTH,
    help="Continuous bootstrap testing of avalanchego nodes on Kubernetes.\n\nRuns in the pod of a StatefulSet, "
    "beside the node: `init` as init container, `wait-for-completion` as sidecar.",
    epilog="Exit codes: 0 done, 1 bug, 2 usage, 75 try again, 78 configuration (a person has to change something), "
    "143 ended by SIGTERM.",
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _program() -> None:
    pass


@app.command(
    context_settings=_WIDTH,
    epilog="Examples: bootstrap-monitor init --node-container-name=avago --data-dir=/data; "
    "the same with --dry-run, to see what a restart of the pod would do.",
)
def init(
    namespace: Namespace,
    pod_name: PodName,
    node_container_name: Container,
    data_dir: DataDir,
    node_data_dir: NodeDataDir = None,
    tracked_tag: TrackedTag = None,
    probe_timeout: ProbeTimeout = "10m",  # type: ignore[assignment] # parsed by typer
    registry_check: RegistryCheck = True,
    insecure_registry: InsecureRegistries = [],  # noqa: B006 - typer makes a new one
    initial_db_archive: archive.InitialDbArchive = None,
    initial_db_metadata: archive.InitialDbMetadata = None,
    initial_db_sha256: archive.InitialDbSha256 = None,
    initial_db_metadata_sha256: archive.InitialDbMetadataSha256 = None,
    initial_db_format: archive.InitialDbFormat = "auto",
    initial_db_strip_components: archive.InitialDbStripComponents = None,
    initial_db_staging_dir: archive.InitialDbStagingDir = None,
    initial_db_connections: archive.InitialDbConnections = "4",  # type: ignore[assignment]
    initial_db_read_stall_timeout: archive.InitialDbReadStallTimeout = "2m",  # type: ignore[assignment]
    initial_db_retry_budget: archive.InitialDbRetryBudget = "30m",  # type: ignore[assignment]
    initial_db_reserve: archive.InitialDbReserve = None,
    dry_run: DryRun = False,
    log_format: Format = LogFormat.AUTO,
    log_level: Level = LogLevel.INFO,
) -> None:
    """Pin the node's image by digest; then clear the volume for a new test, or resume the one on it.

    Runs as an init container. Ends with 0 when the node may start.
    """
    configure(log_format, log_level, sys.stderr if dry_run else None)
    from bootstrap_monitor.adapters.kube.api import Kube
    from bootstrap_monitor.adapters.registry.client import Registry
    from bootstrap_monitor.adapters.volume.clear import clear
    from bootstrap_monitor.adapters.volume.details_file import DetailsFile
    from bootstrap_monitor.adapters.volume.restore_marker import RestoreMarker
    from bootstrap_monitor.clock import SystemClock
    from bootstrap_monitor.commands.init import Init, Options
    from bootstrap_monitor.steps.starting import Volume

    clock, volume, restoring = SystemClock(), Path(data_dir), None
    if initial_db_archive:
        from bootstrap_monitor import restore_wiring

        request = restore_wiring.request(
            initial_db_archive,
            metadata=initial_db_metadata,
            sha256=initial_db_sha256,
            metadata_sha256=initial_db_metadata_sha256,
            format=initial_db_format,
            strip=initial_db_strip_components,
            staging_dir=initial_db_staging_dir,
            connections=initial_db_connections,
            read_stall=initial_db_read_stall_timeout,
            retry_budget=initial_db_retry_budget,
            reserve=initial_db_reserve,
        )
        restoring = restore_wiring.restoring(request, volume, clock)
    command = Init(
        Options(
            pod_name,
            node_container_name,
            data_dir,
            node_data_dir,
            tracked_tag,
            probe_timeout,
            initial_db_archive.shown if initial_db_archive else "",
        ),
        Kube.connect(namespace, clock),
        Volume(data_dir, DetailsFile(volume), RestoreMarker(volume), clear, clock, restoring, initial_db_staging_dir),
        clock,
        Registry(clock, insecure_registry) if registry_check else None,
    )
    if dry_run:
        typer.echo(command.dry_run())
    else:
        command.run()


@app.command(
    context_settings=_WIDTH,
    epilog="Example: bootstrap-monitor wait-for-completion --node-container-name=avago --data-dir=/data "
    "--health-check-interval=1m --image-check-interval=5m",
)
def wait_for_completion(
    namespace: Namespace,
    pod_name: PodName,
    node_container_name: Container,
    data_dir: DataDir,
    node_uri: NodeUri = "http://127.0.0.1:9650",
    health_check_interval: HealthCheckInterval = "1m",  # type: ignore[assignment] # parsed by typer
    image_check_interval: ImageCheckInterval = "5m",  # type: ignore[assignment]
    healthy_samples: HealthySamples = "3",  # type: ignore[assignment]
    max_duration: MaxDuration = None,
    stall_timeout: StallTimeout = "6h",  # type: ignore[assignment]
    max_restarts: MaxRestarts = "5",  # type: ignore[assignment]
    min_free: MinFree = "5%",  # type: ignore[assignment]
    not_started_timeout: NotStartedTimeout = "30m",  # type: ignore[assignment]
    on_failure: AfterFailure = OnFailure.NEXT,
    tracked_tag: TrackedTag = None,
    probe_timeout: ProbeTimeout = "10m",  # type: ignore[assignment]
    registry_check: RegistryCheck = True,
    insecure_registry: InsecureRegistries = [],  # noqa: B006
    log_format: Format = LogFormat.AUTO,
    log_level: Level = LogLevel.INFO,
) -> None:
    """Watch the node until its bootstrap test has a verdict, store that, then follow the tag to the next image.

    Runs as a sidecar of the node, until SIGTERM. The data volume may be mounted read-only.
    """
    configure(log_format, log_level)
    from bootstrap_monitor.adapters.kube.api import Kube
    from bootstrap_monitor.adapters.node import Node
    from bootstrap_monitor.adapters.registry.client import Registry
    from bootstrap_monitor.adapters.volume import disk_usage
    from bootstrap_monitor.adapters.volume.details_file import DetailsFile
    from bootstrap_monitor.background import InThread
    from bootstrap_monitor.clock import SystemClock
    from bootstrap_monitor.commands.wait import Options, start
    from bootstrap_monitor.core.verdict.assessment import Limits

    clock, volume = SystemClock(), Path(data_dir)
    start(
        Options(
            pod_name=pod_name,
            container=node_container_name,
            tracked_tag=tracked_tag,
            limits=Limits(
                healthy_samples=healthy_samples,
                stall_timeout=stall_timeout,
                max_restarts=max_restarts,
                min_free_percent=min_free,
                not_started_timeout=not_started_timeout,
                max_duration=max_duration,
            ),
            on_failure=on_failure,
            health_check_interval=health_check_interval,
            image_check_interval=image_check_interval,
            probe_timeout=probe_timeout,
        ),
        api=Kube.connect(namespace, clock),
        node=Node(node_uri),
        store=DetailsFile(volume),
        space=lambda: disk_usage.free(volume),
        count_bytes=lambda: InThread(lambda: disk_usage.usage_bytes(volume)),
        clock=clock,
        registry=Registry(clock, insecure_registry) if registry_check else None,
    ).run()


app.command(
    context_settings=_WIDTH,
    epilog="Example: bootstrap-monitor restore https://example.com/fuji.tar.zst --data-dir=/data",
)(restore)


@app.command()
def version() -> None:
    """Print the version, and the commit that the image was built from."""
    commit = os.environ.get(COMMIT_VARIABLE)
    typer.echo(f"bootstrap-monitor/{__version__}" + (f" [commit={commit}]" if commit else ""))


def main() -> NoReturn:
    """The program. Every expected error is told in the log, on stderr and in the container's termination message."""
    from bootstrap_monitor.termination import install_handler

    install_handler()
    try:
        code = _run()
    except Terminated:  # also while an error is told
        log.info("Ended by SIGTERM")
        # Python's own end takes longer than all before it: seconds, where the pod gets little of the processor.
        os._exit(ExitCode.TERMINATED)
    sys.exit(code)


def _run() -> ExitCode:
    try:
        app()  # ends with SystemExit: done, --help, usage errors
    except MonitorError as error:
        _tell(error.diagnostics())
        return error.exit_code
    except Exception as error:
        log.exception("This is a bug")
        _tell(f"Bug: {type(error).__name__}: {error}\nDo: report it with the log's traceback")
        return ExitCode.BUG
    return ExitCode.DONE


def _tell(diagnostics: str) -> None:
    from bootstrap_monitor.adapters import termination_message

    log.error(diagnostics)
    typer.echo(diagnostics, err=True)
    termination_message.write(diagnostics)
