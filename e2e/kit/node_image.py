"""A repository of a scenario's own in the cluster's registry, with one tag that moves."""

from __future__ import annotations

import json

from e2e import registry
from e2e.kit.api import Json


class NodeImage:
    """The node's image. Each digest has a config of its own, in no other repository: a container runtime that holds
    a config under several names reports the alphabetically first of them.
    """

    def __init__(self, source: str, repository: str, tag: str = "latest") -> None:
        self.repository = repository
        self.tag = tag
        self.digests: list[str] = []
        """All that were pushed, oldest first."""
        self._source = source

    @property
    def floating(self) -> str:
        """The image as people deploy it."""
        return f"{self.repository}:{self.tag}"

    @property
    def pinned(self) -> str:
        """The newest digest, as the monitor writes it."""
        return f"{self.repository}@{self.digests[-1]}"

    def push(self, script: Json | None = None, *, tag: str | None = None) -> str:
        """A new digest under the tag.

        The scripted node takes ``script`` with the image, and refuses data that another image's node began.
        """
        identity = f"image-{len(self.digests) + 1}"
        env = {"SCRIPTED_NODE_IDENTITY": identity, "SCRIPTED_NODE_IMAGE": json.dumps(script or {})}
        labels = {"network.avax.bootstrap-monitor.e2e": f"{self.repository}/{identity}"}
        target = f"{self.repository}:{tag or self.tag}"
        self.digests.append(registry.relabel(self._source, target, labels=labels, env=env))
        return self.digests[-1]

    def move_tag(self, digest: str, tag: str | None = None) -> None:
        """The tag names a digest that was pushed before."""
        registry.tag(f"{self.repository}@{digest}", f"{self.repository}:{tag or self.tag}")
