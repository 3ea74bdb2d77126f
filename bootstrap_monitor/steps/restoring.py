"""Filling the node's database from an archive: once, verified, and from wherever a SIGKILL left it.

The marker says ``restoring`` before anything is written and ``restored`` after the last sync. In between a part is
there: it is gone on with where the archive has frames, and removed where it has none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace

from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core import names
from bootstrap_monitor.core.archive.refused import TOO_LARGE, hash_mismatch
from bootstrap_monitor.core.human_size import human_size
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.restore import expected
from bootstrap_monitor.core.restore import marker as markers
from bootstrap_monitor.core.restore.identity import Identity
from bootstrap_monitor.core.restore.marker import Failure, Marker, State
from bootstrap_monitor.core.restore.metadata import Metadata
from bootstrap_monitor.core.restore.request import Request
from bootstrap_monitor.core.restore.source import Source
from bootstrap_monitor.core.test_config import TestConfig
from bootstrap_monitor.errors import ConfigurationError, SourceChanged, TransientError
from bootstrap_monitor.log import fields
from bootstrap_monitor.steps import archive_metadata
from bootstrap_monitor.steps.restore_parts import Database, Done, Folders, MarkerStore, OpenSource, Show, Staging

log = logging.getLogger(__name__)

_TRIES = {"ArchiveHashMismatch": 2, "ArchiveDamaged": 2}
"""Damage on the way happens: one more try. What else is wrong with an archive stays wrong."""
_HELD_AGAINST = {*_TRIES, "ArchiveUnsafe", "ArchiveLayout", "ArchiveUnsupported", TOO_LARGE}
_CHANGES = 3
"""How often in one run an archive may be replaced under the reader."""
_GROWTH = 1.3
"""What a database takes of an archive that does not tell, about: its tables are compressed already."""


@dataclass
class Restoring:
    """One restore. ``marker`` is what was read or written last."""

    request: Request
    store: MarkerStore
    open_source: OpenSource
    folders: Folders
    database: Database
    staging: Staging | None
    show: Show
    clock: Clock
    marker: Marker = field(init=False)
    _warned: bool = field(default=False, init=False)

    def run(self, test: str, config: TestConfig | None = None) -> Marker:
        """Restore for ``test``, unless that is done. A part that was left of another one is removed.

        ``config`` is what the archive has to fit, where that is known. Returns the marker, as it is on the volume.

        :raises ConfigurationError: the archive cannot be restored, or could not be before.
        :raises TransientError: source or volume are away, or a folder is not restored yet.
        """
        self._begin(test)
        if self.marker.state is State.RESTORED:
            log.info("The database is restored already", extra=fields(source=self.marker.source))
            if self.staging:
                self.staging.remove()
            return self.marker
        self._refuse_what_failed()
        started = self.clock.monotonic()
        done = self._until_done(config)
        log.info(
            "Database restored",
            extra=fields(
                source=self.marker.source,
                written=human_size(done.bytes_written),
                files=done.files,
                seconds=round(self.clock.monotonic() - started, 1),
                sha256=self.marker.sha256,
            ),
        )
        return self.marker

    def _begin(self, test: str) -> None:
        with _volume_errors():
            found = markers.parse(self.store.read())
        if found and found.test == test and not self._is_of_another_archive(found):
            self.marker = found
            return
        self.marker = Marker(test, State.RESTORING, self.request.source.shown)
        if self.staging:
            self.staging.remove()

    def _is_of_another_archive(self, marker: Marker) -> bool:
        """Whether what was restored is not what is expected by now."""
        return marker.state is State.RESTORED and self.request.sha256 not in {None, marker.sha256}

    def _refuse_what_failed(self) -> None:
        failure = self.marker.failure
        if failure and failure.inputs == self._inputs(failure.reason) and _is_last(failure):
            raise ConfigurationError(
                f"this archive could not be restored; nothing is downloaded again ({failure.reason}: {failure.what})",
                reason="RestoreRefused",
                check="the archive, its hash and its metadata at their origin",
                do="Give another address, hash or option; or mend the archive, and then remove "
                f"{names.RESTORE_MARKER} from the data volume.",
            )

    def _until_done(self, config: TestConfig | None) -> Done:
        changes = 0
        while True:
            try:
                if self.folders.is_folder(self.request.source.path):
                    return self._copy(self.request.source.path, config)
                with closing(self.open_source(self.request.source)) as source:
                    return self._restore(source, config)
            except SourceChanged as changed:
                changes += 1
                if changes >= _CHANGES:
                    raise
                log.warning("The restore starts over: %s", changed.what)
                if self.staging:
                    self.staging.remove()  # before the record of whose bytes it holds
                self._write(identity=Identity(), checkpoint=None)
            except ConfigurationError as error:
                if error.reason not in _HELD_AGAINST:
                    raise
                self._hold_against(error)

    def _copy(self, folder: str, config: TestConfig | None) -> Done:
        found = content, filled = self._look_into(folder)
        theirs = markers.parse(content)
        whole = content is None or (theirs is not None and theirs.state is State.RESTORED)
        if not whole or not filled:
            raise TransientError(
                f"{folder} holds no restored database{f': its marker says {theirs.state}' if theirs else ''}",
                reason="SourceNotReady",
                check="the Job that restores into that folder, and that its volume is the one that is mounted here",
                do="Wait for it: the next try comes by itself.",
            )
        if self.request.sha256 and (theirs is None or theirs.sha256 != self.request.sha256):
            raise TransientError(
                f"{folder} holds a database of another archive: "
                + (f"its sha256 is {theirs.sha256}" if theirs and theirs.sha256 else "its sha256 is not known"),
                reason="SourceNotReady",
                check="the expected sha256, and the Job that restores into that folder",
                do="Give the hash of the archive that is restored there, or have that one restored.",
            )
        expected.check_test(theirs, config, folder)
        self._write(state=State.RESTORING, **_published(theirs), sha256=theirs and theirs.sha256)
        self.database.remove()
        with self.show("Copying the database", None) as progress:
            done = self.database.copy(folder, progress=progress)
        if self._look_into(folder) != found:
            raise SourceChanged(f"{folder} was restored anew while it was copied")
        self._write(state=State.RESTORED, failure=None)
        return done

    def _look_into(self, folder: str) -> tuple[bytes | None, bool]:
        """Its marker, and whether there is anything else."""
        try:
            return self.folders.marker(folder), self.folders.has_content(folder)
        except OSError as error:
            raise TransientError(
                f"cannot read {folder}: {error.strerror or error}",
                reason="SourceFailed",
                check="the source's mount, and its owner and mode",
            ) from error

    def _restore(self, source: Source, config: TestConfig | None) -> Done:
        identity = source.identity()
        metadata = archive_metadata.read(self.request, self.open_source)
        expected.check_test(metadata, config, source.name)
        expected.check_size(metadata, identity, source.name)
        if metadata and metadata.frames and not (source.ranged or self.staging):
            log.warning("The archive's frames are of no use: its server gives no ranges")
            metadata = replace(metadata, frames=())
        sha256 = expected.sha256(self.request, metadata, source.name)
        if sha256 is None and not self._warned:
            self._warned = True
            log.warning("There is no hash by which the archive could be verified", extra=fields(source=source.name))
        checkpoint = self._gone_on_with(identity, metadata)
        self._write(
            state=State.RESTORING, identity=identity, sha256=sha256, checkpoint=checkpoint, **_published(metadata)
        )
        if checkpoint is None:
            self.database.remove()
            self._check_fits(identity, metadata)
        if self.staging:
            with self.show("Downloading the archive", identity.size) as progress:
                staged = self.staging.fill(source, progress=progress)
            with closing(staged):
                done = self._unpack(staged, metadata)
        else:
            done = self._unpack(source, metadata)
        self._write(state=State.RESTORED, sha256=done.sha256 or sha256, checkpoint=None, failure=None)
        if self.staging:
            self.staging.remove()
        return done

    def _gone_on_with(self, identity: Identity, metadata: Metadata | None) -> JsonObject | None:
        """From where to go on; only where what is not read again is vouched for."""
        before = self.marker.identity
        if before != Identity() and not before.proves(identity):
            changed = "cannot be known again" if before.same_as(identity) else "was replaced"
            log.warning("The archive %s at its source: the restore starts over", changed)
            if self.staging:
                self.staging.remove()
        elif self.marker.checkpoint is not None and metadata and metadata.frames:
            if self.request.metadata_sha256 or not self.request.sha256:
                return self.marker.checkpoint
            log.warning(
                "The restore starts over: --sha256 is of all the archive; with --metadata-sha256 it would go on"
            )
        elif self.marker.state is State.RESTORING and before != Identity():
            if self.staging:
                log.info("The restore starts over, with what is downloaded already")
            else:
                log.info("The restore starts over: there is no frame to go on from")
        return None

    def _check_fits(self, identity: Identity, metadata: Metadata | None) -> None:
        space = self.database.space()
        reserve_bytes = self.request.reserve.bytes_of(space.total_bytes)
        room_bytes = space.available_bytes - reserve_bytes
        if metadata and metadata.uncompressed_size is not None:
            if metadata.uncompressed_size > room_bytes:
                missing_bytes = metadata.uncompressed_size - room_bytes
                raise expected.does_not_fit(self.request.source.shown, missing_bytes, reserve_bytes)
        elif identity.size is not None and identity.size * _GROWTH > room_bytes:
            log.warning(
                "The archive may not fit; no metadata tell what it takes",
                extra=fields(archive=human_size(identity.size), room=human_size(max(room_bytes, 0))),
            )

    def _unpack(self, source: Source, metadata: Metadata | None) -> Done:
        expected_sha256, identity = self.marker.sha256, self.marker.identity
        with self.show("Restoring the database", identity.size) as progress:
            if not metadata or not metadata.frames:
                return self.database.unpack(
                    source, expected_sha256=expected_sha256, expected_size=identity.size, progress=progress
                )
            done = self.database.unpack_frames(
                source,
                metadata,
                progress=progress,
                checkpoint=lambda state: self._write(checkpoint=state),
                resume_from=self.marker.checkpoint,
            )
        if expected_sha256 and done.sha256 not in {"", expected_sha256}:
            raise hash_mismatch(done.sha256, expected_sha256).of(source.name)
        return done

    def _hold_against(self, error: ConfigurationError) -> None:
        """Remove what is there, and record why. Returns where another try is due; else raises ``error``."""
        self._write(checkpoint=None)  # before what it speaks of
        self.database.remove()
        if self.staging:
            self.staging.remove()
        inputs, before = self._inputs(error.reason), self.marker.failure
        times = before.times + 1 if before and before.inputs == inputs else 1
        failure = Failure(error.reason, error.what, inputs, times)
        self._write(state=State.FAILED, checkpoint=None, failure=failure)
        if _is_last(failure):
            raise error
        log.warning("Trying once more: %s", error.what)

    def _inputs(self, reason: str) -> str:
        return self.request.inputs(self.database.space().total_bytes if reason == TOO_LARGE else None)

    def _write(self, **changes: object) -> None:
        self.marker = replace(self.marker, **changes)  # type: ignore[arg-type] # fields by name
        with _volume_errors():
            self.store.write(self.marker.encode())


def _published(by: expected.Published | None) -> dict[str, str | None]:
    return {"network": by.network if by else None, "sync_mode": by.sync_mode if by else None}


def _is_last(failure: Failure) -> bool:
    return failure.times >= _TRIES.get(failure.reason, 1)


@contextmanager
def _volume_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TransientError(
            f"{names.RESTORE_MARKER} cannot be read or written: {error}",
            reason="DataVolumeError",
            check="the volume's health, its free space, and whether it is mounted read-only here",
        ) from error
