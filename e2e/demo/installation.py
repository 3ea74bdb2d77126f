"""The manifest that is shipped, with what has to be otherwise to be seen in a minute."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

from e2e.kit import shipped
from e2e.kit.api import Json
from e2e.kit.manifests import INIT, NODE, SIDECAR, VolumeShape, env

OVERLAY = "mainnet-full-sync"
INSECURE = "BOOTSTRAP_MONITOR_INSECURE_REGISTRY"
QUICK = {
    "BOOTSTRAP_MONITOR_HEALTH_CHECK_INTERVAL": "1s",
    "BOOTSTRAP_MONITOR_IMAGE_CHECK_INTERVAL": "2s",
    "BOOTSTRAP_MONITOR_STALL_TIMEOUT": "10s",
    "BOOTSTRAP_MONITOR_MIN_FREE": "1%",
}
LITTLE = {"requests": {"cpu": "50m", "memory": "64Mi"}}
VOLUME_SIZE = "1Gi"
EVENTS: Json = {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]}

CHANGES = (
    "images, namespace, and the registry that is asked without TLS",
    "a look at the node each 1s (1m), at the tag each 2s (5m)",
    "a node may be unhealthy for 10s (6h), and 1% of free disk is enough (5%)",
    "processors, memory and volume of a laptop's size",
    "Events are granted, as by manifests/components/events",
)
"""What is not as it is shipped; the shipped value in brackets."""


@dataclass(frozen=True, kw_only=True)
class ShippedTest:
    """A deployment for :class:`e2e.kit.rig.Rig`."""

    node_image: str
    """By its tag."""
    monitor_image: str
    registry: str
    """HOST:PORT of the node's image, as pods reach it."""

    name = f"bootstrap-{OVERLAY}"
    shape = VolumeShape.NODE_IN_FOLDER

    def objects(self, namespace: str) -> list[Json]:
        """In the order in which they are made."""
        return [self._changed(deepcopy(body), namespace) for body in shipped.objects(OVERLAY)]

    def _changed(self, body: Json, namespace: str) -> Json:
        body["metadata"]["namespace"] = namespace
        for subject in body.get("subjects", []):
            subject["namespace"] = namespace
        if body["kind"] == "Role":
            body["rules"].append(EVENTS)
        if body["kind"] == "StatefulSet":
            [claim] = body["spec"]["volumeClaimTemplates"]
            claim["spec"]["resources"]["requests"]["storage"] = VOLUME_SIZE
            pod = body["spec"]["template"]["spec"]
            for container in (*pod["initContainers"], *pod["containers"]):
                self._change(container)
        return body

    def _change(self, container: Json) -> None:
        """The node's own settings stay: network, sync mode and folders are those of the overlay."""
        container["resources"] = LITTLE
        match container["name"]:
            case name if name == NODE:
                container["image"] = self.node_image
            case name if name == INIT:
                container["image"] = self.monitor_image
                container["env"] += env({INSECURE: self.registry})
            case name if name == SIDECAR:
                container["image"] = self.monitor_image
                container["env"] += env({INSECURE: self.registry, **QUICK})
