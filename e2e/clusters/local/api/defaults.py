"""What a real API server fills in, as far as kubectl, the controllers or the program see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from e2e.clusters.local.api.objects import Json


def fill_in(body: Json) -> None:
    """In place; what is there stays."""
    filler = _FILLERS.get(body["kind"])
    if filler is not None:
        filler(body)


def _pod(body: Json) -> None:
    _pod_spec(body.setdefault("spec", {}))
    spec = body["spec"]
    _missing(spec, {"enableServiceLinks": True, "serviceAccountName": "default"})
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    body.setdefault("status", {"phase": "Pending", "qosClass": "BestEffort"})


def _pod_spec(spec: Json) -> None:
    defaults: Json = {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
    }
    _missing(spec, defaults)
    spec.setdefault("securityContext", {})
    for name in ("initContainers", "containers"):
        for container in spec.get(name) or []:
            _container(container)
    for volume in spec.get("volumes") or []:
        for source in ("configMap", "secret", "projected"):
            if source in volume:
                volume[source].setdefault("defaultMode", 420)


def _container(container: Json) -> None:
    image = container.get("image") or ""
    tag = image.rpartition("/")[2].partition(":")[2]
    latest = "@" not in image and tag in ("", "latest")
    defaults: Json = {
        "resources": {},
        "imagePullPolicy": "Always" if latest else "IfNotPresent",
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }
    _missing(container, defaults)
    for port in container.get("ports") or []:
        port.setdefault("protocol", "TCP")
    for variable in container.get("env") or []:
        field = (variable.get("valueFrom") or {}).get("fieldRef")
        if field is not None:
            field.setdefault("apiVersion", "v1")
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        probe = container.get(name)
        if probe is not None:
            _missing(probe, {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3})
            _missing(probe.get("httpGet", {}), {"path": "/", "scheme": "HTTP"} if "httpGet" in probe else {})


def _stateful_set(body: Json) -> None:
    spec = body.setdefault("spec", {})
    defaults: Json = {
        "replicas": 1,
        "podManagementPolicy": "OrderedReady",
        "revisionHistoryLimit": 10,
        "serviceName": "",
    }
    _missing(spec, defaults)
    strategy = spec.setdefault("updateStrategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {}).setdefault("partition", 0)
    kept: Json = {"whenDeleted": "Retain", "whenScaled": "Retain"}
    _missing(spec.setdefault("persistentVolumeClaimRetentionPolicy", {}), kept)
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    _pod_spec(template.setdefault("spec", {}))
    for claim in spec.get("volumeClaimTemplates") or []:
        claim |= {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
        _claim(claim)
    body.setdefault("status", {"replicas": 0, "availableReplicas": 0})


def _claim(body: Json) -> None:
    body.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    body.setdefault("status", {"phase": "Pending"})


def _volume(body: Json) -> None:
    _missing(body.setdefault("spec", {}), {"volumeMode": "Filesystem", "persistentVolumeReclaimPolicy": "Retain"})
    body.setdefault("status", {"phase": "Available"})


def _namespace(body: Json) -> None:
    body.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
    body.setdefault("status", {"phase": "Active"})
    body["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = body["metadata"]["name"]


def _service(body: Json) -> None:
    spec = body.setdefault("spec", {})
    _missing(spec, {"type": "ClusterIP", "clusterIP": "None", "sessionAffinity": "None"})
    for port in spec.get("ports") or []:
        _missing(port, {"protocol": "TCP", "targetPort": port.get("port")})
    body.setdefault("status", {"loadBalancer": {}})


def _secret(body: Json) -> None:
    body.setdefault("type", "Opaque")


def _missing(body: Json, defaults: Json) -> None:
    for name, value in defaults.items():
        body.setdefault(name, value)


_FILLERS: Mapping[str, Callable[[Json], None]] = {
    "Pod": _pod,
    "StatefulSet": _stateful_set,
    "PersistentVolumeClaim": _claim,
    "PersistentVolume": _volume,
    "Namespace": _namespace,
    "Service": _service,
    "Secret": _secret,
}
