"""Is there another image under the tag? The registry is asked; a pod runs only for what that does not settle."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core import next_image
from bootstrap_monitor.core.image import ImageReference
from bootstrap_monitor.core.next_image import Next
from bootstrap_monitor.core.registry.cannot_tell import CannotTell, Reason
from bootstrap_monitor.core.running_test import RunningTest
from bootstrap_monitor.core.stateful_set import StatefulSet
from bootstrap_monitor.log import fields
from bootstrap_monitor.steps.probe import ProbeApi, TagRegistry, probe

log = logging.getLogger(__name__)


class Registry(TagRegistry, Protocol):
    """Which digest a tag names, and which digests an index lists. Raises :class:`CannotTell`."""

    def listed(self, image: ImageReference) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class Discovery:
    """The image that the tag names now, by digest. ``versions`` are told by a probe only."""

    meaning: Next
    image: ImageReference
    versions: str = ""


@dataclass
class ImageDiscovery:
    """Looks, and remembers what trouble it has told of. Without a ``registry``, each look is a probe."""

    api: ProbeApi
    clock: Clock
    registry: Registry | None
    container: str
    probe_timeout: timedelta
    _trouble: str = ""

    def look(self, image: ImageReference, test: RunningTest, stateful_set: StatefulSet) -> Discovery:
        """What ``image``, a tag, means after ``test``. ``NEW`` is said by a probe alone: what is pinned has run.

        :raises MonitorError: the probe failed.
        """
        told = self._told_by_registry(image, test, stateful_set)
        if told and told.meaning is not Next.NEW:
            return told
        probed = probe(
            self.api,
            self.clock,
            own_pod=test.pod,
            container=self.container,
            image=image,
            timeout=self.probe_timeout,
            registry=self.registry,
        )
        meaning = next_image.assess(probed.image.digest or "", test.fingerprint, stateful_set)
        if told and meaning is Next.NEW and probed.image != told.image:
            # The tag has moved since, or the runtime tells the other of an index and its platform's manifest.
            meaning = self._meaning(probed.image, test, stateful_set) or meaning
        return Discovery(meaning, probed.image, probed.versions)

    def _told_by_registry(
        self, image: ImageReference, test: RunningTest, stateful_set: StatefulSet
    ) -> Discovery | None:
        """None: it cannot tell."""
        if self.registry is None:
            return None
        try:
            named = image.with_digest(self.registry.digest(image))
        except CannotTell as error:
            self._tell(error)
            return None
        meaning = self._meaning(named, test, stateful_set)
        return meaning and Discovery(meaning, named)

    def _meaning(self, image: ImageReference, test: RunningTest, stateful_set: StatefulSet) -> Next | None:
        """None: the registry cannot tell. It is asked for more only where the digest is another one."""
        assert self.registry
        digest, tested = image.digest or "", test.fingerprint
        meaning = next_image.assess(digest, tested, stateful_set)
        try:
            if meaning is Next.NEW:
                also = _listed(self.registry, image)
                meaning = next_image.assess(digest, tested, stateful_set, also=also)
            if meaning is Next.NEW and digest in _listed(self.registry, image.with_digest(tested.image)):
                meaning = Next.UNCHANGED
        except CannotTell as error:
            self._tell(error)
            return None
        if self._trouble:
            log.info("The registry answers again", extra=fields(registry=image.registry))
            self._trouble = ""
        return meaning

    def _tell(self, error: CannotTell) -> None:
        """Once for each kind of trouble: it may last for weeks."""
        if error.reason != self._trouble:
            log.warning(
                "The registry cannot tell which image the tag names; a probe pod looks instead",
                extra=fields(reason=error.reason, error=error.diagnostics()),
            )
        self._trouble = error.reason


def _listed(registry: Registry, image: ImageReference) -> frozenset[str]:
    """A digest that the registry has no more lists nothing: of a moved tag's last image, that is ordinary."""
    try:
        return registry.listed(image)
    except CannotTell as error:
        if error.reason == Reason.TAG_NOT_FOUND:
            return frozenset()
        raise
