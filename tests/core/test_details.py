from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_monitor.core import details
from bootstrap_monitor.core.details import Details, MalformedDetails
from bootstrap_monitor.core.fingerprint import Change
from tests.support.objects import (
    DIGEST,
    OTHER_DIGEST,
    PINNED,
    REPOSITORY,
    START,
    VERSIONS,
    details_of,
    own_fingerprint,
    parsed,
    pod_from,
    template,
)

POD = pod_from(template())
UPSTREAMS = {"image": PINNED, "startTime": START}


def file(**keys: Any) -> Details:
    read = details.parse(json.dumps({**UPSTREAMS, **keys}).encode())
    assert isinstance(read, Details)
    return read


def test_what_upstream_writes() -> None:
    upstreams = file()

    assert upstreams == Details(PINNED, START, json=UPSTREAMS)
    assert upstreams.started == datetime(2024, 5, 1, 12, 0, 0, 123456, UTC)
    assert upstreams.digest == DIGEST
    assert upstreams.change_to(own_fingerprint(POD)) is None


def test_what_we_write() -> None:
    assert json.loads(details_of(POD).encode()) == {
        "image": PINNED,
        "startTime": START,
        "schema": 1,
        "repository": REPOSITORY,
        "trackedTag": "latest",
        "versions": VERSIONS,
        "fingerprint": {
            "image": DIGEST,
            "network": "fuji",
            "sync_mode": "c-chain-state-sync",
            "chain_config": "",
            "retest": "",
            "initial_db_archive": "",
        },
    }


def test_upstreams_keys_come_first_and_are_verbatim() -> None:
    assert details_of(POD).encode().startswith(f'{{"image":"{PINNED}","startTime":"{START}",'.encode())


def test_keys_of_other_releases_are_kept() -> None:
    other = file(archive={"url": "s3://x"}, fingerprint={"image": DIGEST, "archive": "s3://x"})

    written = json.loads(replace(other, tracked_tag="v1").encode())

    assert written["archive"] == {"url": "s3://x"}
    assert written["fingerprint"] == {"image": DIGEST, "archive": "s3://x"}
    assert written["trackedTag"] == "v1"


@pytest.mark.parametrize("value", ["", None, 5, ["latest"]])
@pytest.mark.parametrize("key", ["repository", "trackedTag", "versions"])
def test_a_text_of_ours_that_is_none_is_lacking(key: str, value: Any) -> None:
    read = file(**{key: value})

    assert (read.repository, read.tracked_tag, read.versions) == (None, None, None)


@pytest.mark.parametrize(
    ("keys", "change"),
    [
        pytest.param({}, None, id="upstream's"),
        pytest.param({"image": f"{REPOSITORY}@{OTHER_DIGEST}"}, Change("image", OTHER_DIGEST, DIGEST), id="its image"),
        pytest.param({"image": f"{REPOSITORY}:v1"}, Change("image", f"{REPOSITORY}:v1", DIGEST), id="no digest"),
        pytest.param({"image": "No Image"}, Change("image", "No Image", DIGEST), id="no reference"),
        pytest.param({"image": f"avaplatform/avalanchego@{DIGEST}"}, None, id="another repository"),
        pytest.param({"fingerprint": {"network": "fuji"}}, None, id="some fields"),
        pytest.param({"fingerprint": {"network": "local"}}, Change("network", "local", "fuji"), id="another network"),
        pytest.param({"fingerprint": {"network": 5, "image": None}}, None, id="fields of a wrong type"),
    ],
)
def test_change(keys: dict[str, Any], change: Change | None) -> None:
    assert file(**keys).change_to(own_fingerprint(POD)) == change


def test_what_a_file_lacks_is_filled_in() -> None:
    complete = details_of(POD)

    filled = file(mine=1).filled(complete)

    assert filled == replace(complete, json={**UPSTREAMS, "mine": 1})


@pytest.mark.parametrize("absent", ["repository", "tracked_tag", "versions", "fingerprint"])
def test_what_a_file_has_is_not_replaced(absent: str) -> None:
    other = Details("x/y:z", "2020-01-01T00:00:00Z", "x/y", "z", "{}", {"image": "z", "later": "1"})
    complete = details_of(POD)

    lacking: dict[str, Any] = {absent: None}
    filled = replace(complete, **lacking).filled(other)

    for name in ("image", "start_time", "repository", "tracked_tag", "versions"):
        assert getattr(filled, name) == getattr(other if name == absent else complete, name)
    assert filled.fingerprint == {
        "image": DIGEST,
        "later": "1",
        **(complete.fingerprint or {} if absent != "fingerprint" else {"image": "z"}),
    }


def test_a_complete_file_is_equal_to_itself_filled() -> None:
    complete = parsed(details_of(POD))

    assert complete.filled(details_of(POD)) == complete


texts = st.text(st.characters(codec="utf-8"), min_size=1)
numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=8,
)
offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(timezones=offsets).map(datetime.isoformat)


@given(
    st.builds(
        Details,
        image=texts,
        start_time=st.just(START) | instants,
        repository=st.none() | texts,
        tracked_tag=st.none() | texts,
        versions=st.none() | texts,
        fingerprint=st.none() | st.dictionaries(texts, texts),
    ),
    st.dictionaries(texts.map("x-".__add__), values),
)
def test_what_is_written_is_read_again(written: Details, others: dict[str, Any]) -> None:
    read = parsed(replace(written, json=others))

    assert replace(read, json={}) == written
    assert {key: value for key, value in read.json.items() if key.startswith("x-")} == others
    assert parsed(read) == read


@given(st.binary() | st.text().map(str.encode))
def test_no_content_raises(content: bytes) -> None:
    assert not isinstance(details.parse(content), Details)


@given(
    st.fixed_dictionaries(
        {"image": st.just(PINNED) | values, "startTime": st.just(START) | values},
        optional=dict.fromkeys(("schema", "repository", "trackedTag", "versions", "fingerprint"), values),
    )
)
def test_no_value_raises(document: dict[str, Any]) -> None:
    read = details.parse(json.dumps(document).encode())

    if isinstance(read, Details):
        parsed(read.filled(details_of(POD)))
        read.change_to(own_fingerprint(POD))


@given(st.integers(0, len(details_of(POD).encode()) - 1))
def test_a_truncated_file_is_malformed(length: int) -> None:
    assert isinstance(details.parse(details_of(POD).encode()[:length]), MalformedDetails)
