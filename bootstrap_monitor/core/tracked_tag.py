"""Which tag the rig follows: the one that the StatefulSet was deployed with."""

from __future__ import annotations

from bootstrap_monitor.core.image import ImageReference

UPSTREAM_TAG = "master"
"""What upstream's program follows. It leaves no note of it, only the versions of the image it pinned."""
DEFAULT_TAG = "latest"


def tracked_tag(
    *, option: str | None, image: ImageReference, tag_annotation: str | None, versions_annotation: str | None
) -> str:
    """The first that says it; an unpinned image's tag also replaces what was tracked before."""
    if option:
        return option
    if image.effective_tag:
        return image.effective_tag
    if tag_annotation:
        return tag_annotation
    return UPSTREAM_TAG if versions_annotation else DEFAULT_TAG
