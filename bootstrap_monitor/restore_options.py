"""The options of a restore: of ``restore`` by itself, and with the prefix ``--initial-db-`` of ``init``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

import typer

from bootstrap_monitor.core import option_values as values
from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.core.restore import reserve, source_name
from bootstrap_monitor.core.restore.reserve import Reserve
from bootstrap_monitor.core.restore.source_name import SourceName
from bootstrap_monitor.options import option, parsed_by

PREFIX = "initial-db-"


def _twice(name: str, text: str, parser: Callable[[str], Any], metavar: str, **more: Any) -> tuple[Any, Any]:
    """The option of ``restore`` and that of ``init``."""
    return (
        option(f"--{name}", text, parser=parser, metavar=metavar, **more),
        option(f"--{PREFIX}{name}", text, parser=parser, metavar=metavar, **more),
    )


_metadata = _twice(
    "metadata",
    "The archive's JSON: size, hash, network, frames.",
    source_name.parse,
    "URL",
    show_default="the archive's address with .json, if it is there",
)
_sha256 = _twice("sha256", "Hash that the archive has to have.", values.sha256, "HEX")
_metadata_sha256 = _twice("metadata-sha256", "Hash that the metadata have to have.", values.sha256, "HEX")
_format = _twice(
    "format",
    "What the archive is packed with; auto: told by its first bytes.",
    values.archive_format,
    "|".join(["auto", *Format]),
)
_strip = _twice(
    "strip-components",
    "How many leading parts of the archive's paths to drop.",
    values.count,
    "NUMBER",
    show_default="the archive's db/ becomes the node's",
)
_staging = _twice(
    "staging-dir",
    "Download to a file in this folder first: after a restart it goes on at the byte.",
    values.folder,
    "PATH",
    show_default="unpacked as it comes, without extra room",
)
_connections = _twice("connections", "How many ranged requests run ahead of the reader.", values.samples, "NUMBER")
_read_stall = _twice(
    "read-stall-timeout", "How long a stream may stand still before it is opened again.", values.duration, "DURATION"
)
_retry_budget = _twice(
    "retry-budget", "How long to try again without any progress before ending with 75.", values.duration, "DURATION"
)
_reserve = _twice(
    "reserve",
    "Room that stays free on the volume: a percentage or a size.",
    reserve.parse,
    "PERCENT|SIZE",
    show_default="5%, at least 1Gi",
)

Source = Annotated[
    SourceName,
    typer.Argument(
        help="The archive: an https://, http://, s3://, gs://, az:// or file:// address, or a path; or a folder that "
        "holds a restored database.",
        parser=parsed_by(source_name.parse),
        metavar="SOURCE",
        envvar="BOOTSTRAP_MONITOR_SOURCE",
    ),
]
InitialDbArchive = Annotated[
    SourceName | None,
    option(
        "--initial-db-archive",
        "Start each new test from the database in this archive, see `restore --help`.",
        parser=source_name.parse,
        metavar="SOURCE",
        show_default="from nothing",
    ),
]
TargetDir = Annotated[
    str | None,
    option(
        "--node-data-dir",
        "Where db/ lands: a path in this container, absolute or in --data-dir.",
        metavar="PATH",
        show_default="--data-dir",
    ),
]
Metadata = Annotated[SourceName | None, _metadata[0]]
InitialDbMetadata = Annotated[SourceName | None, _metadata[1]]
Sha256 = Annotated[str | None, _sha256[0]]
InitialDbSha256 = Annotated[str | None, _sha256[1]]
MetadataSha256 = Annotated[str | None, _metadata_sha256[0]]
InitialDbMetadataSha256 = Annotated[str | None, _metadata_sha256[1]]
ArchiveFormat = Annotated[Any, _format[0]]
InitialDbFormat = Annotated[Any, _format[1]]
StripComponents = Annotated[int | None, _strip[0]]
InitialDbStripComponents = Annotated[int | None, _strip[1]]
StagingDir = Annotated[str | None, _staging[0]]
InitialDbStagingDir = Annotated[str | None, _staging[1]]
Connections = Annotated[int, _connections[0]]
InitialDbConnections = Annotated[int, _connections[1]]
ReadStallTimeout = Annotated[timedelta, _read_stall[0]]
InitialDbReadStallTimeout = Annotated[timedelta, _read_stall[1]]
RetryBudget = Annotated[timedelta, _retry_budget[0]]
InitialDbRetryBudget = Annotated[timedelta, _retry_budget[1]]
FreeReserve = Annotated[Reserve | None, _reserve[0]]
InitialDbReserve = Annotated[Reserve | None, _reserve[1]]
