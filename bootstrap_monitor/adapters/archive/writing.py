"""Writing in a thread of its own, while the next pieces are decompressed."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrap_monitor.adapters.archive.pipe import Pipe
from bootstrap_monitor.adapters.archive.room import Room
from bootstrap_monitor.adapters.archive.syncing import Syncer
from bootstrap_monitor.adapters.archive.tree_writer import TreeWriter
from bootstrap_monitor.core.archive.member import Entry
from bootstrap_monitor.core.archive.refused import too_large
from bootstrap_monitor.core.archive.tar import Data
from bootstrap_monitor.errors import TransientError

_PENDING_BYTES = 8 * 1024 * 1024
_LEAST_BYTES = 16 * 1024
"""The cost of an entry, or of a tiny piece: a bound on their number."""
_COPIED_BYTES = 64 * 1024
"""Smaller pieces are copied, or each would keep all of the chunk that it is part of."""


class Writing:
    """A :class:`TreeWriter` with a thread. An error of the thread comes out of the next :meth:`put`."""

    def __init__(self, into: Path, room: Room) -> None:
        self._into = into
        self._room = room
        self._syncer = Syncer()
        with volume_errors(into, room):
            self._tree = TreeWriter(into, room, self._syncer)
        self._syncer.start()
        self._pipe: Pipe[Entry | Data | None] = Pipe(_PENDING_BYTES)
        """None: sync."""
        self._error: BaseException | None = None
        self._synced = threading.Event()
        self._thread = threading.Thread(target=self._run, name="archive writer", daemon=True)
        self._thread.start()

    @property
    def bytes_written(self) -> int:
        """The content of files, so far."""
        return self._tree.bytes_written

    @property
    def files(self) -> int:
        """Files begun, so far."""
        return self._tree.files

    def put(self, item: Entry | Data) -> None:
        """Make an entry, or write to the last one.

        :raises Refused: an earlier one must not be made, or does not fit.
        :raises TransientError: the volume failed.
        """
        if isinstance(item, Entry):
            self._pipe.put(item, _LEAST_BYTES)
            return
        size = len(item.content)
        if size < _COPIED_BYTES:
            item = Data(item.offset, memoryview(bytes(item.content)))
        self._pipe.put(item, size + _LEAST_BYTES)

    def go_on(self, entry: Entry, end: int) -> None:
        """Before the first :meth:`put`: what is written next goes behind the first ``end`` bytes of a file.

        :raises NotResumable: it is not there, or has not these bytes.
        :raises TransientError: the volume failed.
        """
        with volume_errors(self._into, self._room):
            self._tree.go_on(entry, end)

    def sync(self) -> None:
        """Wait until all so far is durable. Raises as :meth:`put`."""
        self._synced.clear()
        self._pipe.put(None, _LEAST_BYTES)
        self._synced.wait()
        if self._error:
            raise self._error

    def finish(self) -> None:
        """Wait until all is written and durable. Raises as :meth:`put`."""
        self._pipe.finish()
        self._thread.join()
        if self._error:
            raise self._error
        self._tree.close()

    def undo(self) -> None:
        """Stop, and remove all that was made."""
        self._halt()
        with volume_errors(self._into, self._room):
            self._tree.remove()
        self._tree.close()

    def stop(self) -> None:
        """Stop, and leave what was made."""
        self._halt()
        self._tree.close()

    def abandon(self) -> None:
        """Have the threads end, without waiting for a volume that may stand still."""
        self._pipe.stop()
        self._syncer.stop()

    def _halt(self) -> None:
        self.abandon()
        self._thread.join()
        self._syncer.join()

    def _run(self) -> None:
        try:
            with volume_errors(self._into, self._room):
                for item in self._pipe:
                    if item is None:
                        self._tree.sync()
                        self._synced.set()
                    elif isinstance(item, Entry):
                        self._tree.make(item)
                    else:
                        self._tree.write(*item)
                if not self._pipe.stopped:
                    self._tree.finish()
        except BaseException as error:  # noqa: BLE001 - handed to whoever puts
            self._error = error
            self._pipe.stop(error)
        finally:
            self._synced.set()


@contextmanager
def volume_errors(into: Path, room: Room) -> Iterator[None]:
    """Turn :class:`OSError` into what it means to the caller: no room, or a volume that fails."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise too_large("more", room.reserve_bytes) from error
        if error.errno == errno.EFBIG:
            raise too_large("a filesystem of larger files", room.reserve_bytes) from error
        code = errno.errorcode.get(error.errno or 0, "?")
        raise TransientError(
            f"cannot write to {into}: {error.strerror} ({code})",
            reason="VolumeFailed",
            check="the volume's mount and health, and whether another pod uses it",
        ) from error
