from __future__ import annotations

import pytest

from bootstrap_monitor.adapters.archive_source.address import parse


@pytest.mark.parametrize(
    ("url", "absolute", "authorization"),
    [
        ("http://example.com", "http://example.com/", ""),
        ("https://example.com:443/a", "https://example.com/a", ""),
        ("http://example.com:8080/a?b=c#d", "http://example.com:8080/a?b=c", ""),
        ("http://[::1]:8080/a", "http://[::1]:8080/a", ""),
        (
            "https://example.com/a%20b/%C3%A4?sig=x%2Fy%3D+&z=%7E",
            "https://example.com/a%20b/%C3%A4?sig=x%2Fy%3D+&z=%7E",
            "",
        ),
        ("https://example.com/a b/\u00e4", "https://example.com/a%20b/%C3%A4", ""),
        ("https://b\u00fccher.example/", "https://xn--bcher-kva.example/", ""),
        ("https://me:s%3Acret@example.com/", "https://example.com/", "Basic bWU6czpjcmV0"),
        ("https://me@example.com/", "https://example.com/", "Basic bWU6"),
    ],
)
def test_an_address(url: str, absolute: str, authorization: str) -> None:
    address = parse(url)
    assert (address.absolute, address.authorization) == (absolute, authorization)
    assert "cret" not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/a",
        "ftp://example.com/",
        "http://",
        "http://:80/",
        "http://a:b/",
        "http://[::1/",
        "http://a..b/",
        "http://a:99999/",
    ],
)
def test_what_is_none(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - it may quote the address, and nobody tells it
        parse(url)
