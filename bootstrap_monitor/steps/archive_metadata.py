"""Reading what is published beside an archive."""

from __future__ import annotations

import hashlib
import logging
from contextlib import closing

from bootstrap_monitor.core.human_size import human_size
from bootstrap_monitor.core.restore import metadata
from bootstrap_monitor.core.restore.metadata import Metadata
from bootstrap_monitor.core.restore.request import Request
from bootstrap_monitor.core.restore.source_name import SourceName
from bootstrap_monitor.errors import ConfigurationError
from bootstrap_monitor.log import fields
from bootstrap_monitor.steps.restore_parts import OpenSource

log = logging.getLogger(__name__)

_LIMIT_BYTES = 64 * 1024 * 1024
_NOT_THERE = {"SourceNotFound", "SourceForbidden"}
"""Object stores forbid a missing object to those who may not list."""


def read(request: Request, open_source: OpenSource) -> Metadata | None:
    """The archive's metadata; ``None`` where none are named and there are none beside it.

    :raises ConfigurationError: they are named and not there, of another hash, or malformed.
    """
    name = request.metadata or request.source.with_suffix(".json")
    try:
        content = _content(name, open_source)
    except ConfigurationError as error:
        if request.metadata or request.metadata_sha256 or error.reason not in _NOT_THERE:
            raise
        log.debug("no metadata beside the archive: %s", error)
        return None
    found = hashlib.sha256(content).hexdigest()
    if request.metadata_sha256 not in {None, found}:
        raise ConfigurationError(
            f"the sha256 of {name.shown} is {found}, expected was {request.metadata_sha256}",
            reason="MetadataHashMismatch",
            check="whether the metadata were replaced at their origin",
            do="Give the metadata and the hash that belong together.",
        )
    if not (request.metadata or request.metadata_sha256 or content.lstrip().startswith(b"{")):
        # Some servers answer any address with a page of theirs.
        log.warning("What lies beside the archive is no JSON, and ignored", extra=fields(address=name.shown))
        return None
    return metadata.parse(content, name.shown)


def _content(name: SourceName, open_source: OpenSource) -> bytes:
    content = bytearray()
    with closing(open_source(name)) as source:
        for chunk in source.read():
            content += chunk
            if len(content) > _LIMIT_BYTES:
                raise ConfigurationError(
                    f"{name.shown} has more than {human_size(_LIMIT_BYTES)}: these are no metadata",
                    reason="MetadataMalformed",
                    check="what lies at that address",
                    do="Name the archive's metadata with --metadata.",
                )
    return bytes(content)
