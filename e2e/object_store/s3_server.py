"""A real S3-compatible server on loopback: a process of its own, that ends with this one however that ends."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import obstore
from obstore.store import S3Store

from e2e.clusters.host import builds

ACCESS_KEY = "e2e"
SECRET_KEY = "not-much-of-a-secret"
BUCKET = "archives"
START_SECONDS = 30.0
# The standard input is a pipe that this process holds: it ends with it, even by SIGKILL, and then so does the server.
GUARD = 'trap "" INT; "$@" </dev/null & cat; kill -9 $!; wait $!'


class S3Server:
    """Keeps objects as files under ``folder``, which outlive its process."""

    def __init__(self, folder: Path) -> None:
        self._objects = folder / "objects"
        (self._objects / BUCKET).mkdir(parents=True)
        self._metadata = folder / "metadata"
        self._metadata.mkdir()
        self._log = folder / "log"
        self._port = _free_port()
        self._guard: subprocess.Popen[bytes] | None = None
        self.endpoint = f"http://127.0.0.1:{self._port}"

    def environment(self) -> Mapping[str, str]:
        """What a client needs, that of people and that of the program."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }

    def start(self) -> None:
        """Unless it runs; returns when it answers."""
        if self._guard:
            return
        options = ("--port", f"127.0.0.1:{self._port}", "--quiet", "--keep-alive")
        backend = ("posix", "--sidecar", str(self._metadata), str(self._objects))
        with self._log.open("ab") as log:
            self._guard = subprocess.Popen(
                ["sh", "-c", GUARD, "sh", builds.versitygw(), *options, *backend],
                env={"PATH": "/usr/bin:/bin", "ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        give_up_at = time.monotonic() + START_SECONDS
        while not self._listens():
            if time.monotonic() > give_up_at:
                raise AssertionError(f"the S3 server does not answer: {self._log.read_text(encoding='utf-8')}")
            time.sleep(0.02)

    def kill(self) -> None:
        """By SIGKILL."""
        if self._guard:
            self._guard.communicate()
            self._guard = None

    def put(self, key: str, content: bytes) -> str:
        """Make or replace an object; gives its address."""
        obstore.put(self._store(), key, content)
        return f"s3://{BUCKET}/{key}"

    def signed(self, key: str, valid_for: timedelta) -> str:
        """The object's address, for those who have no credentials."""
        return obstore.sign(self._store(), "GET", key, expires_in=valid_for)

    def _store(self) -> S3Store:
        return S3Store(
            BUCKET,
            endpoint=self.endpoint,
            access_key_id=ACCESS_KEY,
            secret_access_key=SECRET_KEY,
            client_options={"allow_http": True},
        )

    def _listens(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self._port)) == 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
