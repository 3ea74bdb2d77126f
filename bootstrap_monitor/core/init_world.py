"""What ``init`` knows when it decides, and the questions that its checks ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bootstrap_monitor.core import attempts, names, pod
from bootstrap_monitor.core import image as image_reference
from bootstrap_monitor.core.attempts import Attempt, AttemptLimit
from bootstrap_monitor.core.details import DetailsFile
from bootstrap_monitor.core.image import ImageReference
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.node_data import NodeData
from bootstrap_monitor.core.restore.marker import Marker
from bootstrap_monitor.core.stateful_set import StatefulSet
from bootstrap_monitor.core.test_config import TestConfig
from bootstrap_monitor.core.tracked_tag import tracked_tag
from bootstrap_monitor.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class InitWorld:
    """Everything that the decision rests on. The properties raise :class:`ConfigurationError`."""

    pod: JsonObject
    stateful_set: StatefulSet
    details: DetailsFile
    config: TestConfig | ConfigurationError
    """What the pod says about the test, or why it cannot be told."""
    places: NodeData | ConfigurationError
    """What a new test clears, or why it cannot be told."""
    container: str
    """The name of the node's container."""
    tracked_tag_option: str | None
    initial_db_archive: str
    """The archive to start a test from, for people and for the fingerprint; empty: from nothing."""
    restore: Marker | None
    """The restore that the volume's marker tells of."""
    limit: AttemptLimit
    now: datetime

    @property
    def own_image(self) -> ImageReference:
        """The image of the node's container in the own pod."""
        container = pod.required_container(self.pod, self.container)
        return image_reference.parse(str(container.get("image", "")))

    @property
    def template_image(self) -> ImageReference:
        """The image of the node's container in the template."""
        image = self.stateful_set.template_image(self.container)
        if image is None:
            raise ConfigurationError(
                f"the template of the StatefulSet `{self.stateful_set.name}` has no container `{self.container}`",
                reason="ContainerNotFound",
                check="--node-container-name, and the StatefulSet's template",
                do="name a container that is in the template: patching another would add a container to it",
            )
        return image_reference.parse(image)

    @property
    def in_template(self) -> bool:
        """Whether the template has the node's container."""
        return self.stateful_set.template_image(self.container) is not None

    @property
    def ordinal(self) -> int:
        """The own pod's number in its StatefulSet."""
        ordinal = pod.ordinal(pod.name(self.pod), self.stateful_set.name)
        if ordinal is None:
            raise ConfigurationError(
                f"the pod `{pod.name(self.pod)}` is not named like one of the StatefulSet `{self.stateful_set.name}`",
                reason="NotAStatefulSetPod",
                check="the pod's owner references",
                do="run the node in a StatefulSet",
            )
        return ordinal

    @property
    def held_back(self) -> bool:
        """Whether a deleted pod of this ordinal would come back with the old template."""
        return self.stateful_set.keeps_old(self.ordinal)

    @property
    def behind(self) -> bool:
        """Whether the template has been edited since the own pod was made."""
        return self.stateful_set.has_newer_template_than(pod.revision(self.pod))

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """What was tried lately."""
        return attempts.parse(self.stateful_set.annotation(names.PIN_ATTEMPTS_ANNOTATION))

    @property
    def window_minutes(self) -> int:
        """The window of :attr:`limit`, for people."""
        return round(self.limit.window.total_seconds() / 60)

    def tracked_tag(self, image: ImageReference) -> str:
        """The tag that is followed, given the image that is deployed."""
        return tracked_tag(
            option=self.tracked_tag_option,
            image=image,
            tag_annotation=self.stateful_set.template_annotation(names.TRACKED_TAG_ANNOTATION),
            versions_annotation=self.stateful_set.template_annotation(names.VERSIONS_ANNOTATION),
        )
