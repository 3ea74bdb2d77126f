"""Object stores: S3 and what speaks its protocol, Google Cloud Storage, Azure.

Credentials, region and endpoint come from the environment or from the machine's identity, as obstore reads them:
``AWS_ACCESS_KEY_ID``, ``AWS_REGION``, ``AWS_ENDPOINT_URL``, ``AWS_SKIP_SIGNATURE``, ``GOOGLE_APPLICATION_CREDENTIALS``,
``AZURE_STORAGE_ACCOUNT_NAME``, …. An endpoint of one's own is asked by path: ``<endpoint>/<bucket>/<key>``.
"""
# ruff: noqa: PLC0415 - obstore takes 16 MiB and starts threads

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote, urlsplit

from bootstrap_monitor import __version__
from bootstrap_monitor.adapters.archive_source import object_store_errors as errors
from bootstrap_monitor.adapters.archive_source.refused import TryLater
from bootstrap_monitor.core.restore.identity import Identity
from bootstrap_monitor.core.restore.source_name import SourceName
from bootstrap_monitor.errors import SourceChanged
from bootstrap_monitor.timings import ARCHIVE_CONNECT_SECONDS

if TYPE_CHECKING:
    from obstore import GetOptions, ObjectMeta
    from obstore.store import ClientConfig, ObjectStore

T = TypeVar("T")

CHUNK_BYTES = 256 * 1024
"""At least, but for the last one of a stream."""
_UNLIMITED = timedelta(days=365)
"""A whole stream may take as long as bytes come."""


class ObjectStoreRanges:
    """One object of a store; see :class:`~bootstrap_monitor.adapters.archive_source.ranges.Ranges`."""

    ranged = True

    def __init__(self, name: SourceName, read_stall: timedelta) -> None:
        address = urlsplit(name.text)
        self.name = name.shown
        self._bucket = f"{address.scheme}://{urlsplit(name.shown).netloc}"
        self._key = unquote(address.path).lstrip("/")
        self._read_stall = read_stall
        self._closed = False

    def resolve(self) -> Identity:
        """Size, entity tag and time of change; see the protocol for errors."""
        return _signals_come(self._ask)

    def open(self, identity: Identity, start: int, stop: int | None) -> Generator[bytes, None, None]:
        """The bytes, in chunks; see the protocol."""
        end = _end(identity, stop)
        if end is not None and start >= end:
            return
        expected, chunks = _signals_come(lambda: self._get(identity, start, end))
        got = 0
        while chunk := _signals_come(lambda: self._next(chunks)):
            got += len(chunk)
            if self._closed or got > expected:
                raise TryLater(f"{self.name} {'is closed' if self._closed else 'gave more bytes than it said'}")
            yield chunk
        if got < expected:
            raise TryLater(f"{self.name} was cut after {got} of {expected} bytes")

    def close(self) -> None:
        """Streams end with their next chunk, or when they stand still."""
        self._closed = True

    def _ask(self) -> Identity:
        import obstore

        with self._errors(reading=False):
            # Not HEAD, which is refused without a word why.
            result = obstore.get(self._store, self._key, options={"range": (0, 1)})
            result.bytes()  # so that the connection serves on
            return _identity(result.meta)

    def _get(self, identity: Identity, start: int, end: int | None) -> tuple[int, Iterator[bytes]]:
        """How many bytes come, and their chunks."""
        import obstore

        with self._errors(reading=True):
            result = obstore.get(self._store, self._key, options=_options(identity, start, end))
            found, (first, last) = _identity(result.meta), result.range
        if not found.same_as(identity) or first != start or (end is not None and last != end):
            raise SourceChanged(f"{self.name} has been replaced meanwhile")
        return last - first, iter(result.stream(CHUNK_BYTES))

    def _next(self, chunks: Iterator[bytes]) -> bytes:
        """The next chunk; empty at the end."""
        with self._errors(reading=True):
            return next(chunks, b"")

    @contextmanager
    def _errors(self, *, reading: bool) -> Iterator[None]:
        try:
            yield
        except BaseException as error:  # noqa: BLE001 - a panic of Rust is no Exception
            raise errors.meaning(self.name, self._key, error, reading=reading) from None

    @cached_property
    def _store(self) -> ObjectStore:
        from obstore.store import from_url

        options: ClientConfig = {
            "allow_http": errors.asked_in_clear(os.environ),
            "connect_timeout": min(self._read_stall, timedelta(seconds=ARCHIVE_CONNECT_SECONDS)),
            "read_timeout": self._read_stall,
            "timeout": _UNLIMITED,
            "user_agent": f"bootstrap-monitor/{__version__}",
        }
        return from_url(self._bucket, client_options=options, retry_config={"max_retries": 0})


def _options(identity: Identity, start: int, end: int | None) -> GetOptions:
    """Of the object that was resolved, and of no other, as far as it told what to know it by."""
    options: GetOptions = {"range": {"offset": start} if end is None else (start, end)}
    if identity.etag and not identity.etag.startswith("W/"):
        options["if_match"] = identity.etag
    elif identity.last_modified:
        options["if_unmodified_since"] = parsedate_to_datetime(identity.last_modified)
    return options


def _identity(meta: ObjectMeta) -> Identity:
    return Identity(meta["size"], meta["e_tag"], format_datetime(meta["last_modified"], usegmt=True))


def _end(identity: Identity, stop: int | None) -> int | None:
    known = [place for place in (identity.size, stop) if place is not None]
    return min(known, default=None)


def _signals_come(call: Callable[[], T]) -> T:
    """Its result; in the main thread by way of another: a signal's handler would wait for Rust to return."""
    if threading.current_thread() is not threading.main_thread():
        return call()
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - handed over
            future.set_exception(error)

    threading.Thread(target=run, name="object store", daemon=True).start()
    return future.result()
