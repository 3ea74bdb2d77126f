"""The command ``restore`` of the program: its options and wiring."""
# ruff: noqa: PLC0415 - as in cli.py, which says why
# No `from __future__ import annotations`, for the same reason.

from pathlib import Path

from bootstrap_monitor import restore_options as archive
from bootstrap_monitor.log import LogFormat, LogLevel, configure
from bootstrap_monitor.options import DataDir, Format, Level


def restore(
    source: archive.Source,
    data_dir: DataDir,
    node_data_dir: archive.TargetDir = None,
    metadata: archive.Metadata = None,
    sha256: archive.Sha256 = None,
    metadata_sha256: archive.MetadataSha256 = None,
    format: archive.ArchiveFormat = "auto",  # noqa: A002 - the option's name
    strip_components: archive.StripComponents = None,
    staging_dir: archive.StagingDir = None,
    connections: archive.Connections = "4",  # type: ignore[assignment] # parsed by typer
    read_stall_timeout: archive.ReadStallTimeout = "2m",  # type: ignore[assignment]
    retry_budget: archive.RetryBudget = "30m",  # type: ignore[assignment]
    reserve: archive.FreeReserve = None,
    log_format: Format = LogFormat.AUTO,
    log_level: Level = LogLevel.INFO,
) -> None:
    """Fill a volume with the node's database from an archive: once, verified, and from wherever it was ended.

    Ends with 0 when the database is there, restored now or before.
    """
    configure(log_format, log_level)
    from bootstrap_monitor import restore_wiring
    from bootstrap_monitor.adapters.volume.restore_marker import RestoreMarker
    from bootstrap_monitor.clock import SystemClock
    from bootstrap_monitor.commands.restore import Restore

    request = restore_wiring.request(
        source,
        metadata=metadata,
        sha256=sha256,
        metadata_sha256=metadata_sha256,
        format=format,
        strip=strip_components,
        staging_dir=staging_dir,
        connections=connections,
        read_stall=read_stall_timeout,
        retry_budget=retry_budget,
        reserve=reserve,
    )
    volume, target = Path(data_dir), Path(data_dir) / (node_data_dir or "")
    restoring = restore_wiring.restoring(request, volume, SystemClock())(target)
    Restore(request, str(target), RestoreMarker(volume), (target / "db").exists, restoring).run()
