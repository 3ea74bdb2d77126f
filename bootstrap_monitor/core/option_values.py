"""Values of options. Each function raises :class:`ValueError` with what is wrong and an example."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from bootstrap_monitor.core import go_duration
from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.errors import ConfigurationError


def duration(text: str) -> timedelta:
    """Go's syntax, above 0."""
    parsed = go_duration.parse(text)
    if not parsed:
        raise ValueError("it must be longer than 0, e.g. '1m30s'")
    return parsed


def tag(text: str) -> str:
    """An image tag."""
    from bootstrap_monitor.core import image as image_reference  # noqa: PLC0415 - 3 ms, which `--help` need not pay

    try:
        return str(image_reference.parse("image").with_tag(text).tag)
    except ConfigurationError as error:
        raise ValueError(f"{error.what}, e.g. 'latest'") from None


def folder(text: str) -> str:
    """An absolute path."""
    if not text.startswith("/"):
        raise ValueError(f"{text!r} is not an absolute path, e.g. '/data'")
    return text


def name(text: str) -> str:
    """A name of a Kubernetes object or container."""
    if not text.strip():
        raise ValueError("it is empty; give a name, e.g. 'avago'")
    return text


def samples(text: str) -> int:
    """A count from 1."""
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError(f"{text!r} is not a number above 0, e.g. '3'")
    return int(text)


def percentage(text: str) -> float:
    """``5`` or ``5%``, from 0 and below 100."""
    number = text.removesuffix("%").strip()
    try:
        percent = float(number)
    except ValueError:
        percent = -1.0
    if not 0 <= percent < 100:
        raise ValueError(f"{text!r} is not a percentage from 0 to below 100, e.g. '5%'")
    return percent


def uri(text: str) -> str:
    """An HTTP address."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"{text!r} is not an HTTP address, e.g. 'http://127.0.0.1:9650'")
    return text


def sha256(text: str) -> str:
    """A SHA-256 in hexadecimal; ``sha256:`` before it is dropped."""
    digits = text.strip().lower().removeprefix("sha256:")
    if len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        raise ValueError(f"{text!r} is not a sha256: 64 hexadecimal digits, as sha256sum prints them")
    return digits


def count(text: str) -> int:
    """A count from 0."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is not a number from 0, e.g. '1'")
    return int(text)


def archive_format(text: str) -> Format | None:
    """``auto`` is ``None``."""
    if text == "auto":
        return None
    try:
        return Format(text)
    except ValueError:
        raise ValueError(f"{text!r} is none of auto, {', '.join(Format)}") from None
