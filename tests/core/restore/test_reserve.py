"""How much stays free."""

from __future__ import annotations

import pytest

from bootstrap_monitor.core.restore.reserve import Reserve, parse

GIB = 1 << 30
READ = {
    "5%": Reserve(5.0, 0),
    " 0.5 % ": Reserve(0.5, 0),
    "0%": Reserve(0.0, 0),
    "99.9%": Reserve(99.9, 0),
    "0": Reserve(0.0, 0),
    "1000": Reserve(0.0, 1000),
    "10Gi": Reserve(0.0, 10 * GIB),
    "10G": Reserve(0.0, 10 * GIB),
    "10gib": Reserve(0.0, 10 * GIB),
    "1.5Gi": Reserve(0.0, 3 * GIB // 2),
    "512M": Reserve(0.0, GIB // 2),
    "2T": Reserve(0.0, 2048 * GIB),
    "4 Ki": Reserve(0.0, 4096),
}


@pytest.mark.parametrize(("text", "reserve"), READ.items())
def test_read(text: str, reserve: Reserve) -> None:
    assert parse(text) == reserve


@pytest.mark.parametrize("text", ["", "5 percent", "100%", "-1", "-5%", "1e9", "10Ei", "10 Gigs", "%", "Gi", "1..5G"])
def test_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"e\.g\. '5%' or '10Gi'"):
        parse(text)


BYTES = {
    "five percent by default": (Reserve(), 1000 * GIB, 50 * GIB),
    "a GiB at least by default": (Reserve(), 10 * GIB, GIB),
    "a percentage has no least": (parse("5%"), 20, 1),
    "a size, whatever the volume's": (parse("10Gi"), 5 * GIB, 10 * GIB),
    "nothing": (parse("0"), 1000 * GIB, 0),
}


@pytest.mark.parametrize(("reserve", "volume_bytes", "reserve_bytes"), BYTES.values(), ids=BYTES.keys())
def test_of_a_volume(reserve: Reserve, volume_bytes: int, reserve_bytes: int) -> None:
    assert reserve.bytes_of(volume_bytes) == reserve_bytes
