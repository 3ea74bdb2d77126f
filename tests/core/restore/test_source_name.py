from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bootstrap_monitor.core.restore.source_name import SourceKind, parse


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("https://example.com/a/db.tar.zst", SourceKind.HTTP, "https://example.com/a/db.tar.zst"),
        ("HTTP://example.com:8080", SourceKind.HTTP, "http://example.com:8080"),
        ("https://me:secret@example.com/db.tar?sig=secret#secret", SourceKind.HTTP, "https://example.com/db.tar"),
        ("https://se@cret:se@cret@[::1]:80/db.tar?se@cret", SourceKind.HTTP, "https://[::1]:80/db.tar"),
        (" https://example.com/db.tar\n", SourceKind.HTTP, "https://example.com/db.tar"),
        ("s3://bucket/a/db.tar.zst", SourceKind.OBJECT_STORE, "s3://bucket/a/db.tar.zst"),
        ("s3a://bucket/db.tar", SourceKind.OBJECT_STORE, "s3a://bucket/db.tar"),
        ("s3://key:secret@bucket/db.tar", SourceKind.OBJECT_STORE, "s3://bucket/db.tar"),
        ("gs://bucket/db.tar", SourceKind.OBJECT_STORE, "gs://bucket/db.tar"),
        ("az://container/db.tar?sig=secret", SourceKind.OBJECT_STORE, "az://container/db.tar"),
        ("azure://container/db.tar", SourceKind.OBJECT_STORE, "azure://container/db.tar"),
        ("abfss://box@account.dfs/db.tar", SourceKind.OBJECT_STORE, "abfss://box@account.dfs/db.tar"),
        ("abfs://box:secret@account.dfs/db.tar", SourceKind.OBJECT_STORE, "abfs://box@account.dfs/db.tar"),
    ],
)
def test_an_address(text: str, kind: SourceKind, shown: str) -> None:
    name = parse(text)

    assert (name.kind, name.text, name.shown, name.path) == (kind, text.strip(), shown, "")
    assert "secret" not in repr(name)


@pytest.mark.parametrize(
    ("text", "path", "shown"),
    [
        ("/archives/db.tar", "/archives/db.tar", "/archives/db.tar"),
        ("db.tar", "db.tar", "db.tar"),
        ("a b?c#d", "a b?c#d", "a b?c#d"),
        ("file:///archives/a%20b.tar", "/archives/a b.tar", "file:///archives/a%20b.tar"),
        ("file://localhost/db.tar", "/db.tar", "file://localhost/db.tar"),
    ],
)
def test_a_file(text: str, path: str, shown: str) -> None:
    name = parse(text)

    assert (name.kind, name.path, name.shown) == (SourceKind.FILE, path, shown)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("a\nb", "one line"),
        ("https://secret\0", "one line"),
        ("ftp://secret@example.com/db.tar", "'ftp://' is none of"),
        ("https:///db.tar", "no host"),
        ("https://secret@/db.tar", "no host"),
        ("https://example.com/a secret", "blank"),
        ("https://secret:secret@example.com:99999/", "not an address"),
        ("https://[secret/", "not an address"),
        ("s3://bucket", "no object"),
        ("gs:///secret", "no bucket"),
        ("file://secret/db.tar", "no absolute path"),
        ("file:///db%00secret", "no absolute path"),
    ],
)
def test_what_is_no_name_is_told_with_an_example_and_not_quoted(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong) as raised:
        parse(text)

    assert "e.g. '" in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "beside"),
    [
        ("https://me:pass@example.com/db.tar.zst?sig=1#f", "https://me:pass@example.com/db.tar.zst.json?sig=1#f"),
        ("https://example.com/dir/", "https://example.com/dir.json"),
        ("https://example.com", "https://example.com/.json"),
        ("s3://bucket/db.tar", "s3://bucket/db.tar.json"),
        ("/archives/db/", "/archives/db.json"),
        ("/archives/db?x", "/archives/db?x.json"),
        ("file:///a%20b", "file:///a%20b.json"),
    ],
)
def test_the_object_beside_it(text: str, beside: str) -> None:
    assert parse(text).with_suffix(".json") == parse(beside)


@example("0\x85?", "https://")
@example("\u2003?", "https://")
@example("bucket/\u2003?", "s3://")
@given(st.text(), st.sampled_from(["", "https://", "s3://", "file://", "x://"]))
def test_whatever_it_says_there_is_a_name_or_a_value_error(text: str, scheme: str) -> None:
    try:
        name = parse(scheme + text)
    except ValueError:
        return
    assert parse(name.shown).shown == name.shown
    assert name.with_suffix(".json").kind is name.kind
