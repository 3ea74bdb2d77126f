"""Making a change of a folder's entries survive a power cut."""

from __future__ import annotations

import errno
import logging
import os

log = logging.getLogger(__name__)


def sync_folder(descriptor: int) -> None:
    """``fsync`` an open folder. Raises :class:`OSError`, but not where the filesystem knows no such thing.

    Some network and FUSE filesystems don't; there the names are durable, or not, by themselves.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise
        log.debug("fsync of a folder is not supported here: %s", error)
