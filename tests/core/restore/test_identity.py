"""Whether two answers are of one object."""

from __future__ import annotations

import pytest

from bootstrap_monitor.core.restore.identity import Identity, of_json

MONDAY, TUESDAY = "Mon, 05 Jan 2026 00:00:00 GMT", "Tue, 06 Jan 2026 00:00:00 GMT"

SAME = {
    "all equal": (Identity(5, '"a"', MONDAY), Identity(5, '"a"', MONDAY), True),
    "size": (Identity(5, '"a"'), Identity(6, '"a"'), False),
    "tag": (Identity(5, '"a"', MONDAY), Identity(5, '"b"', MONDAY), False),
    "tag decides": (Identity(5, '"a"', MONDAY), Identity(5, '"a"', TUESDAY), True),
    "time": (Identity(5, None, MONDAY), Identity(5, None, TUESDAY), False),
    "time where one has no tag": (Identity(5, '"a"', MONDAY), Identity(5, None, TUESDAY), False),
    "size alone": (Identity(5), Identity(5), True),
    "size not known": (Identity(None, '"a"'), Identity(5, '"a"'), True),
    "nothing known": (Identity(), Identity(5, '"a"', MONDAY), True),
    "empty": (Identity(0), Identity(1), False),
}


@pytest.mark.parametrize(("one", "other", "same"), SAME.values(), ids=SAME.keys())
def test_same(one: Identity, other: Identity, *, same: bool) -> None:
    assert one.same_as(other) is same
    assert other.same_as(one) is same


PROVED = {"all equal", "tag decides", "size not known"}


@pytest.mark.parametrize("name", SAME)
def test_proves(name: str) -> None:
    one, other, _ = SAME[name]
    assert one.proves(other) is other.proves(one) is (name in PROVED)


@pytest.mark.parametrize(
    ("identity", "tells"),
    [
        (Identity(5), False),
        (Identity(5, ""), False),
        (Identity(None, '"a"'), True),
        (Identity(None, None, MONDAY), True),
    ],
)
def test_tells(identity: Identity, *, tells: bool) -> None:
    assert identity.tells is tells


@pytest.mark.parametrize("identity", [Identity(), Identity(0), Identity(5, 'W/"a"', MONDAY)])
def test_what_is_written_is_read(identity: Identity) -> None:
    assert of_json(identity.json()) == identity
    assert None not in identity.json().values()


def test_damage_is_not_known() -> None:
    assert of_json({"size": "5", "etag": 5, "lastModified": [], "more": 1}) == Identity()
