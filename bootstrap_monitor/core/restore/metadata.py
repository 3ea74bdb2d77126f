"""What an archive's publisher says about it: the JSON beside it, as ``docs/archive-format.md`` describes it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import astuple, dataclass
from typing import Any

import orjson

from bootstrap_monitor.core.archive.header import BLOCK
from bootstrap_monitor.errors import ConfigurationError

SCHEMA = 1
"""Raised only by a change that makes an older release misread the file."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FrameMember:
    """The file that a frame's start cuts. ``offset`` is how many of its bytes, padding included, lie before."""

    name: str
    size: int
    mode: int
    offset: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A part of the archive that decompresses by itself.

    ``offset`` and ``length`` are bytes of the archive, ``tar_offset`` is where its content begins in the tar.
    ``member`` is ``None`` where it begins between members, or where nothing can go on from.
    """

    offset: int
    length: int
    sha256: str
    tar_offset: int
    member: FrameMember | None = None

    @property
    def stop(self) -> int:
        """The offset behind its last byte."""
        return self.offset + self.length


@dataclass(frozen=True, slots=True)
class Metadata:
    """What it says; ``None`` where it says nothing. Sizes are in bytes, hashes lower-case hex."""

    size: int | None = None
    sha256: str | None = None
    uncompressed_size: int | None = None
    network: str | None = None
    sync_mode: str | None = None
    node_version: str | None = None
    frames: tuple[Frame, ...] = ()

    def frames_hash(self) -> str:
        """Names the frames: equal for equal ones. 16 hexadecimal digits."""
        named = hashlib.sha256()
        for frame in self.frames:
            named.update(orjson.dumps(astuple(frame)))
        return named.hexdigest()[:16]


def parse(content: bytes, name: str) -> Metadata:
    """The metadata in ``content``; ``name`` is where it comes from, for people. Unknown keys are passed over.

    :raises ConfigurationError: ``MetadataMalformed``, or ``MetadataNewerSchema``: a later release is needed.
    """
    try:
        return _metadata(orjson.loads(content))
    except orjson.JSONDecodeError as error:
        raise _malformed(name, f"is not JSON: {error}" if content.strip() else "is empty") from None
    except _NewerSchema as newer:
        raise ConfigurationError(
            f"{name} is metadata of schema {newer}; this release knows schema {SCHEMA}",
            reason="MetadataNewerSchema",
            do="Use a release of bootstrap-monitor that knows it, or give other metadata with --metadata.",
        ) from None
    except ValueError as error:
        raise _malformed(name, str(error)) from None


class _NewerSchema(Exception):  # noqa: N818 - not an error of the file's
    """Its text is the file's schema."""


def _metadata(document: Any) -> Metadata:
    """Raises :class:`ValueError` with what is wrong, as the end of a sentence about the file."""
    if not isinstance(document, dict):
        raise ValueError("is not a JSON object")  # noqa: TRY004 - of the file's content
    schema = _number(document, "schema")
    if schema is not None and schema > SCHEMA:
        raise _NewerSchema(str(schema))
    size, uncompressed_size = _number(document, "size"), _number(document, "uncompressedSize")
    frames = tuple(_frame(entry, f"frames[{index}]") for index, entry in enumerate(_list(document, "frames")))
    if frames:
        _check_frames(frames, size, uncompressed_size)
    return Metadata(
        size=size,
        sha256=_sha256(document, "sha256"),
        uncompressed_size=uncompressed_size,
        network=_text(document, "network"),
        sync_mode=_text(document, "syncMode"),
        node_version=_text(document, "nodeVersion"),
        frames=frames,
    )


def _frame(entry: Any, where: str) -> Frame:
    if not isinstance(entry, dict):
        raise ValueError(f"has {where} that is not an object")  # noqa: TRY004
    member = entry.get("member")
    frame = Frame(
        offset=_needed(_number(entry, "offset", where), where, "offset"),
        length=_needed(_number(entry, "length", where), where, "length"),
        sha256=_needed(_sha256(entry, "sha256", where), where, "sha256"),
        tar_offset=_needed(_number(entry, "tarOffset", where), where, "tarOffset"),
        member=None if member is None else _member(member, f"{where}.member"),
    )
    begin = frame.tar_offset - frame.member.offset if frame.member else BLOCK  # of the member's data
    if begin < BLOCK or begin % BLOCK:
        raise ValueError(f"has {where} whose tarOffset and member.offset do not fit together")
    return frame


def _member(entry: Any, where: str) -> FrameMember:
    if not isinstance(entry, dict):
        raise ValueError(f"has {where} that is not an object")  # noqa: TRY004
    member = FrameMember(
        name=_needed(_text(entry, "name", where), where, "name"),
        size=_needed(_number(entry, "size", where), where, "size"),
        mode=_needed(_number(entry, "mode", where), where, "mode"),
        offset=_needed(_number(entry, "offset", where), where, "offset"),
    )
    if member.offset >= member.size + -member.size % BLOCK:
        raise ValueError(f"has {where} whose offset is not inside of it")
    return member


def _check_frames(frames: tuple[Frame, ...], size: int | None, uncompressed_size: int | None) -> None:
    """Whether they are all of the archive, one behind the other."""
    if size is None or uncompressed_size is None:
        raise ValueError("has frames, but not both size and uncompressedSize")
    at, tar_at = 0, -1
    for index, frame in enumerate(frames):
        if frame.offset != at or not frame.length:
            raise ValueError(f"has frames[{index}] that does not begin at {at}, where the one before it ends")
        if frame.tar_offset <= tar_at or (not index and frame.tar_offset):
            raise ValueError("has frames whose tarOffset does not begin at 0 and rise")
        at, tar_at = frame.stop, frame.tar_offset
    if at != size:
        raise ValueError(f"has frames that end at {at}, not at its size of {size}")
    if tar_at >= uncompressed_size:
        raise ValueError(f"has frames whose tarOffset is not below the uncompressedSize of {uncompressed_size}")


def _list(document: dict[str, Any], key: str) -> list[Any]:
    value = document.get(key)
    if value is not None and not isinstance(value, list):
        raise ValueError(f"has a {key} that is not a list")
    return value or []


def _number(document: dict[str, Any], key: str, where: str = "") -> int | None:
    value = document.get(key)
    if value is not None and (type(value) is not int or value < 0):
        raise ValueError(f"has a {_path(where, key)} that is not a whole number from 0 on")
    return value


def _text(document: dict[str, Any], key: str, where: str = "") -> str | None:
    value = document.get(key)
    if value is not None and not (isinstance(value, str) and value):
        raise ValueError(f"has a {_path(where, key)} that is not a text")
    return value


def _sha256(document: dict[str, Any], key: str, where: str = "") -> str | None:
    value = _text(document, key, where)
    if value is not None and not _SHA256.fullmatch(value.lower()):
        raise ValueError(f"has a {_path(where, key)} that is not 64 hexadecimal digits")
    return value and value.lower()


def _needed(value: Any, where: str, key: str) -> Any:
    if value is None:
        raise ValueError(f"has {where} without {key}")
    return value


def _path(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _malformed(name: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name} {why}",
        reason="MetadataMalformed",
        check="whether this is the archive's metadata (docs/archive-format.md), and not a server's page",
        do="Mend it, or give other metadata with --metadata.",
    )
