from __future__ import annotations

import pytest

from bootstrap_monitor.core.human_size import human_size


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        # What `du -h --apparent-size` of coreutils prints.
        (0, "0"),
        (1, "1"),
        (512, "512"),
        (1023, "1023"),
        (1024, "1.0K"),
        (1025, "1.1K"),
        (4096, "4.0K"),
        (9999, "9.8K"),
        (10137, "9.9K"),
        (10138, "10K"),
        (10240, "10K"),
        (10241, "11K"),
        (1023 * 1024, "1023K"),
        (1023 * 1024 + 1, "1.0M"),
        (1024**2, "1.0M"),
        (220 * 1024**2, "220M"),
        (1024**3 * 3 // 2, "1.5G"),
        (2 * 1024**4 + 1, "2.1T"),
        (1024**5, "1.0P"),
        (1024**6, "1.0E"),
        (5000 * 1024**6, "5000E"),
    ],
)
def test_as_du_prints_it(size_bytes: int, text: str) -> None:
    assert human_size(size_bytes) == text
