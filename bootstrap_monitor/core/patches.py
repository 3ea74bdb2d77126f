"""Bodies of the patches on the StatefulSet.

All carry the resourceVersion that was read: a write on older knowledge is refused.
"""

from __future__ import annotations

from bootstrap_monitor.core import names
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.stateful_set import StatefulSet


def pin(
    stateful_set: StatefulSet,
    *,
    container: str,
    image: str,
    versions: str,
    tracked_tag: str,
    attempts: str | None = None,
) -> JsonObject:
    """A strategic merge patch that sets one container's image, its versions and its tag in the template.

    One container by name: a merge patch would replace the whole list. The caller has seen that the template has the
    container: the API server would *add* one of an unknown name. ``attempts`` goes along in the same write.
    """
    return {
        "metadata": _metadata(stateful_set, names.PIN_ATTEMPTS_ANNOTATION, attempts),
        "spec": {
            "template": {
                "metadata": {
                    "annotations": {
                        names.VERSIONS_ANNOTATION: versions,
                        names.TRACKED_TAG_ANNOTATION: tracked_tag,
                    }
                },
                "spec": {"containers": [{"name": container, "image": image}]},
            }
        },
    }


def attempts(stateful_set: StatefulSet, value: str) -> JsonObject:
    """A merge patch that records an attempt; starts no revision."""
    return {"metadata": _metadata(stateful_set, names.PIN_ATTEMPTS_ANNOTATION, value)}


def results(stateful_set: StatefulSet, value: str) -> JsonObject:
    """A merge patch that stores results; starts no revision."""
    return {"metadata": _metadata(stateful_set, names.RESULTS_ANNOTATION, value)}


def _metadata(stateful_set: StatefulSet, annotation: str, value: str | None) -> JsonObject:
    metadata: JsonObject = {"resourceVersion": stateful_set.resource_version}
    if value is not None:
        metadata["annotations"] = {annotation: value}
    return metadata
