"""Archives of a database, and a server of them: what `scripts/bench/restore` works with. Each is a process of its own.

`archives.py make DIR MIB` makes them, `archives.py serve DIR` prints the port and serves them until its input ends.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MIB = 1024 * 1024
FILE_BYTES = 2 * MIB
"""What goleveldb makes its tables of."""
BLOCK_BYTES = 4096
FRAME_BYTES = 4 * MIB
"""Of the tar."""
TAR = "a.tar"
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def make(folder: Path, size_mib: int) -> None:
    """``a.tar``, its compressed kinds, those in frames (``framed.tar.…``) with their metadata, and each one's sha256.

    The content is hashes in turn with what repeats.
    """
    database = folder / "tree" / "db" / "mainnet" / "v1.4.5"
    database.mkdir(parents=True)
    source = random.Random(1)
    words = [source.randbytes(source.randrange(8, 96)) for _ in range(400)]
    for number in range(size_mib * MIB // FILE_BYTES):
        blocks = []
        for _ in range(FILE_BYTES // BLOCK_BYTES):
            parts = [
                part for word in source.choices(words, k=BLOCK_BYTES // 64) for part in (source.randbytes(12), word)
            ]
            blocks.append(b"".join(parts)[:BLOCK_BYTES].ljust(BLOCK_BYTES, b"\0"))
        (database / f"{number:06}.ldb").write_bytes(b"".join(blocks))
    archive = folder / TAR
    subprocess.run(["tar", "-cf", archive, "-C", folder / "tree", "db"], check=True)
    shutil.rmtree(folder / "tree")
    for command in (["gzip", "-k"], ["zstd", "-qk"], ["lz4", "-qk"]):
        if shutil.which(command[0]):
            line = [*command, str(archive)] + [f"{archive}.lz4"] * (command[0] == "lz4")
            subprocess.run(line, check=True)
    _frame(archive, folder / "framed.tar.gz", lambda content: gzip.compress(content, 6))
    if shutil.which("zstd"):
        _frame(archive, folder / "framed.tar.zst", _zstd)
    for path in [each for each in folder.iterdir() if each.suffix != ".json"]:
        with path.open("rb") as file:
            path.with_name(f"{path.name}.sha256").write_text(hashlib.file_digest(file, "sha256").hexdigest())


def _zstd(content: bytes) -> bytes:
    return subprocess.run(["zstd", "-qc"], input=content, check=True, stdout=subprocess.PIPE).stdout


def _frame(archive: Path, target: Path, packed: Callable[[bytes], bytes]) -> None:
    """As ``docs/archive-format.md`` says."""
    with tarfile.open(archive) as tar:
        files = [info for info in tar if info.isreg()]
    frames = []
    with archive.open("rb") as source, target.open("wb") as file:
        while content := source.read(FRAME_BYTES):
            position, frame = source.tell() - len(content), packed(content)
            told: dict[str, object] = {"offset": file.tell(), "length": len(frame), "tarOffset": position}
            while files and position >= files[0].offset_data + FILE_BYTES:
                del files[0]
            if files and (offset := position - files[0].offset_data) >= 0:
                told["member"] = {"name": files[0].name, "size": FILE_BYTES, "mode": files[0].mode, "offset": offset}
            frames.append({**told, "sha256": hashlib.sha256(frame).hexdigest()})
            file.write(frame)
        sizes = {"size": file.tell(), "uncompressedSize": source.tell()}
    target.with_name(f"{target.name}.json").write_text(json.dumps({"schema": 1, **sizes, "frames": frames}))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        """Until the client is gone."""
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        try:
            file = Path(self.path.lstrip("/")).open("rb")  # noqa: SIM115 - it is closed below
        except OSError:
            self.send_error(404)
            return
        with file:
            size = os.fstat(file.fileno()).st_size
            start, stop = 0, size
            if asked := _RANGE.fullmatch(self.headers.get("Range", "")):
                start, stop = int(asked[1]), min(int(asked[2] or size) + 1, size)
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(stop - start))
            self.send_header("ETag", f'"{size}"')
            self.end_headers()
            self.wfile.flush()
            while start < stop:
                start += os.sendfile(self.connection.fileno(), file.fileno(), start, stop - start)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def serve(folder: Path) -> None:
    """Any file in ``folder``, or a range of it."""
    os.chdir(folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        serve(Path(sys.argv[2]))
