"""The inputs that a failure holds for."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.core.restore.request import Request
from bootstrap_monitor.core.restore.reserve import Reserve
from bootstrap_monitor.core.restore.source_name import parse

URL = "https://archives.example.com/fuji.tar.zst"
REQUEST = Request(parse(URL), metadata=parse(f"{URL}.json"))
INPUTS: dict[str, Any] = {
    "source": parse("https://archives.example.com/fuji-2.tar.zst"),
    "metadata": parse("https://archives.example.com/other.json"),
    "sha256": "ab" * 32,
    "metadata_sha256": "ab" * 32,
    "format": Format.ZSTD,
    "strip": 0,
}
NO_INPUTS: dict[str, Any] = {
    "staging_dir": "/staging",
    "reserve": Reserve(1.0, 0),
    "connections": 1,
    "read_stall": timedelta(seconds=1),
    "retry_budget": timedelta(seconds=1),
}


def with_field(name: str, value: Any) -> Request:
    changes: dict[str, Any] = {name: value}
    return replace(REQUEST, **changes)


def test_each_field_is_one_or_is_none() -> None:
    assert {field.name for field in fields(Request)} == INPUTS.keys() | NO_INPUTS.keys()


@pytest.mark.parametrize(("name", "value"), INPUTS.items(), ids=INPUTS.keys())
def test_input(name: str, value: Any) -> None:
    assert with_field(name, value).inputs() != REQUEST.inputs()


@pytest.mark.parametrize(("name", "value"), NO_INPUTS.items(), ids=NO_INPUTS.keys())
def test_no_input(name: str, value: Any) -> None:
    assert with_field(name, value).inputs() == REQUEST.inputs()


@pytest.mark.parametrize("field", ["source", "metadata"])
def test_a_signature_or_a_password_is_no_input(field: str) -> None:
    address = getattr(REQUEST, field).text.replace("//", "//user:password@") + "?X-Amz-Signature=abc#here"
    assert with_field(field, parse(address)).inputs() == REQUEST.inputs()


def test_the_same_hash_of_another_object_is_another_input() -> None:
    one, other = replace(REQUEST, sha256="ab" * 32), replace(REQUEST, metadata_sha256="ab" * 32)
    assert one.inputs() != other.inputs()


def test_where_room_was_missing_volume_and_reserve_are_inputs() -> None:
    told = {
        REQUEST.inputs(),
        REQUEST.inputs(1000),
        REQUEST.inputs(1001),
        replace(REQUEST, reserve=Reserve(1.0, 0)).inputs(1000),
    }
    assert len(told) == 4


def test_they_are_named_by_a_short_hash() -> None:
    assert len(REQUEST.inputs()) == 16
    assert set(REQUEST.inputs()) <= set("0123456789abcdef")
