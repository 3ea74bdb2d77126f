from __future__ import annotations

import pytest

from bootstrap_monitor.core import image
from bootstrap_monitor.core.tracked_tag import tracked_tag
from tests.support.objects import DIGEST

PINNED = f"a/b@{DIGEST}"


@pytest.mark.parametrize(
    ("option", "image_text", "annotation", "versions", "tag"),
    [
        pytest.param("opt", "a/b:dep", "ann", "{}", "opt", id="option before all"),
        pytest.param("opt", PINNED, None, None, "opt", id="option of a pinned image"),
        pytest.param("", "a/b:dep", None, None, "dep", id="an empty option is none"),
        pytest.param(None, "a/b:dep", "ann", "{}", "dep", id="the deployed tag replaces the annotation"),
        pytest.param(None, "a/b", "ann", "{}", "latest", id="no tag is latest"),
        pytest.param(None, f"a/b:dep@{DIGEST}", "ann", "{}", "dep", id="tag beside a digest"),
        pytest.param(None, PINNED, "ann", "{}", "ann", id="annotation"),
        pytest.param(None, PINNED, None, "{}", "master", id="pinned by upstream"),
        pytest.param(None, PINNED, "", "{}", "master", id="an empty annotation is none"),
        pytest.param(None, PINNED, None, "", "latest", id="empty versions are none"),
        pytest.param(None, PINNED, None, None, "latest", id="pinned by a person"),
    ],
)
def test_the_first_that_says_it(
    option: str | None, image_text: str, annotation: str | None, versions: str | None, tag: str
) -> None:
    found = tracked_tag(
        option=option, image=image.parse(image_text), tag_annotation=annotation, versions_annotation=versions
    )

    assert found == tag
