"""The images of our programs, made without a builder: a config, and one small layer that this interpreter runs.

They hold a program alone, no filesystem to run it in: they are for the embedded kubelet.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import platform
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from e2e.registry import OCI_MANIFEST

IMAGES = Path(__file__).resolve().parents[4] / "images"
FOLDER = "avalanchego/build"
_PROGRAM = "import sys\n\nfrom bootstrap_monitor.__main__ import main\n\nsys.exit(main())\n"


def push(registry: str, name: str) -> str:
    """Pushes `bootstrap-monitor` or `scripted-node` as ``registry/name:dev``; answers it as `registry/name@sha256:…`.

    The same programs give the same digest.

    :raises httpx.HTTPError: the registry does not answer, or refuses.
    """
    if name == "bootstrap-monitor":
        files = {f"{folder}/bootstrap-monitor": _run_by("-P", _PROGRAM) for folder in (FOLDER, "usr/local/bin")}
        settings: dict[str, Any] = {
            "Entrypoint": ["bootstrap-monitor"],
            "Env": ["BOOTSTRAP_MONITOR_COMMIT=unknown", "PYTHONUNBUFFERED=1"],
        }
    else:
        source = IMAGES / name
        node = (source / "avalanchego").read_text(encoding="utf-8").partition("\n")[2]
        answers = (source / "answers.py").read_bytes()
        files = {f"{FOLDER}/avalanchego": _run_by("", node), f"{FOLDER}/answers.py": answers}
        settings = {"Cmd": ["./avalanchego"]}
    return push_image(registry, name, files, settings | {"WorkingDir": f"/{FOLDER}"})


def push_image(
    registry: str, name: str, files: Mapping[str, bytes], settings: Mapping[str, Any], *, tag: str = "dev"
) -> str:
    """An image of these files, all of them executable, with this `config`; answers `registry/name@sha256:…`."""
    tar = _tar(files)
    layer = gzip.compress(tar, mtime=0)
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    config = _json(
        {
            "architecture": architecture,
            "os": "linux",
            "config": dict(settings),
            "rootfs": {"type": "layers", "diff_ids": [_digest(tar)]},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": _described("application/vnd.oci.image.config.v1+json", config),
            "layers": [_described("application/vnd.oci.image.layer.v1.tar+gzip", layer)],
        }
    )
    with httpx.Client(base_url=f"http://{registry}/v2/{name}/", verify=False, trust_env=False) as client:
        for blob in (config, layer):
            place = client.post("blobs/uploads/").raise_for_status().headers["Location"]
            url = client.base_url.join(place).copy_merge_params({"digest": _digest(blob)})
            client.put(url, content=blob).raise_for_status()
        kind = {"Content-Type": OCI_MANIFEST}
        client.put(f"manifests/{tag}", content=manifest, headers=kind).raise_for_status()
    return f"{registry}/{name}@{_digest(manifest)}"


def _run_by(option: str, program: str) -> bytes:
    """The Python program with a first line for a shell: a path in `#!` may be neither long nor have blanks."""
    return f"#!/bin/sh\n'''exec' \"{sys.executable}\" {option} \"$0\" \"$@\"\n'''\n{program}".encode()


def _tar(files: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for path, content in sorted(files.items()):
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    return written.getvalue()


def _described(kind: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": kind, "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _json(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
