"""A read-only view of a StatefulSet's JSON, as an (empty) patch answers with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bootstrap_monitor.core.json import JsonObject

MAX_SAFE_NAME_LENGTH = 52
"""Above it, pods may stop being creatable: `<name>-<revision hash>` is a label, and a label has 63 characters."""


@dataclass(frozen=True, slots=True)
class StatefulSet:
    """What the program reads of it; absent fields have the API server's defaults."""

    json: JsonObject

    @property
    def name(self) -> str:
        """``metadata.name``."""
        return str(self._metadata["name"])

    @property
    def resource_version(self) -> str:
        """``metadata.resourceVersion``: a patch that carries it is refused once anything has changed."""
        return str(self._metadata.get("resourceVersion", ""))

    @property
    def generation(self) -> int:
        """Counts the edits of the spec."""
        return int(self._metadata.get("generation", 0))

    @property
    def observed(self) -> bool:
        """Whether the controller has seen the newest spec: only then do the revisions in the status mean it."""
        return int(self._status.get("observedGeneration", 0)) >= self.generation

    @property
    def update_revision(self) -> str | None:
        """The revision that the template stands for; stale until :attr:`observed`."""
        revision = self._status.get("updateRevision")
        return str(revision) if revision else None

    @property
    def template(self) -> JsonObject:
        """``spec.template``."""
        return _object(self._spec, "template")

    @property
    def first_ordinal(self) -> int:
        """``spec.ordinals.start``, 0 by default."""
        return int(_object(self._spec, "ordinals").get("start", 0))

    def annotation(self, key: str) -> str | None:
        """An annotation of the StatefulSet's own metadata."""
        value = _object(self._metadata, "annotations").get(key)
        return None if value is None else str(value)

    def template_annotation(self, key: str) -> str | None:
        """An annotation of the pod template."""
        value = _object(_object(self.template, "metadata"), "annotations").get(key)
        return None if value is None else str(value)

    def template_image(self, container_name: str) -> str | None:
        """The image of the template's container of that name; ``None`` where there is no such container."""
        for container in _object(self.template, "spec").get("containers") or []:
            if container.get("name") == container_name:
                return str(container.get("image", ""))
        return None

    @property
    def rolls_by_itself(self) -> bool:
        """Whether an edited template reaches pods without somebody deleting them."""
        return self._strategy_type == "RollingUpdate"

    def keeps_old(self, ordinal: int) -> bool:
        """Whether ``partition`` makes a deleted pod of this ordinal come back with the *old* template."""
        partition = int(_object(_object(self._spec, "updateStrategy"), "rollingUpdate").get("partition") or 0)
        return self._strategy_type == "RollingUpdate" and partition > ordinal

    def has_newer_template_than(self, pod_revision: str | None) -> bool:
        """Whether the controller has seen a template that a pod of that revision was not made from."""
        return bool(self.observed and self.update_revision and self.update_revision != pod_revision)

    @property
    def _metadata(self) -> JsonObject:
        return _object(self.json, "metadata")

    @property
    def _spec(self) -> JsonObject:
        return _object(self.json, "spec")

    @property
    def _status(self) -> JsonObject:
        return _object(self.json, "status")

    @property
    def _strategy_type(self) -> str:
        return str(_object(self._spec, "updateStrategy").get("type") or "RollingUpdate")


def _object(parent: JsonObject, key: str) -> dict[str, Any]:
    return parent.get(key) or {}
