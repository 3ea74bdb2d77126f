from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bootstrap_monitor.core import option_values as values


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (values.duration, "1m30s", timedelta(seconds=90)),
        (values.duration, "500ms", timedelta(milliseconds=500)),
        (values.tag, "latest", "latest"),
        (values.tag, "v1.14.2-rc.0", "v1.14.2-rc.0"),
        (values.folder, "/data", "/data"),
        (values.name, "avago", "avago"),
        (values.samples, "3", 3),
        (values.uri, "http://127.0.0.1:9650", "http://127.0.0.1:9650"),
        (values.uri, "https://node:9650", "https://node:9650"),
    ],
)
def test_value(read: Callable[[str], Any], text: str, value: Any) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "example"),
    [
        (values.duration, "0", "1m30s"),
        (values.duration, "0s", "1m30s"),
        (values.duration, "-1s", "1m"),
        (values.duration, "5", "1m"),
        (values.duration, "", "1m"),
        (values.tag, "", "latest"),
        (values.tag, "a b", "latest"),
        (values.tag, "repo:tag", "latest"),
        (values.folder, "data", "/data"),
        (values.folder, "", "/data"),
        (values.name, "", "avago"),
        (values.name, " ", "avago"),
        (values.samples, "0", "3"),
        (values.samples, "-1", "3"),
        (values.samples, "1.5", "3"),
        (values.samples, "\u0663", "3"),
        (values.uri, "127.0.0.1:9650", "http://127.0.0.1:9650"),
        (values.uri, "ftp://node", "http://127.0.0.1:9650"),
    ],
)
def test_bad_values_come_with_an_example(read: Callable[[str], Any], text: str, example: str) -> None:
    with pytest.raises(ValueError, match=r"e\.g\.|as in") as caught:
        read(text)

    assert example in str(caught.value)
