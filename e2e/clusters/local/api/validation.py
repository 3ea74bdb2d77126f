"""What a real API server refuses with 422, as far as a program or a person here could run into it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from e2e.clusters.local.api import defaults
from e2e.clusters.local.api.errors import Cause, Refusals
from e2e.clusters.local.api.objects import Json

ANNOTATIONS_BYTES = 262_144

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"(?:(?P<prefix>[^/]+)/)?(?P<name>[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start and end with an alphanumeric character"
)
_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    "and must start and end with an alphanumeric character"
)
_MUTABLE_OF_SET = (
    *("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit"),
    *("persistentVolumeClaimRetentionPolicy", "minReadySeconds"),
)
# A scheduler's binding sets the node's name by a subresource of its own; here it is an update.
_MUTABLE_OF_POD = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName")
_MUTABLE_OF_CLAIM = ("resources", "volumeName")


def complete(body: Json, old: Json | None, refusals: Refusals) -> None:
    """Fills in defaults, in place. :class:`ApiError` 422 with all causes.

    ``old`` when it is an update; what is as it was is not looked at again.
    """
    defaults.fill_in(body)
    causes = [] if body == old else list(_causes(body, old))
    if causes:
        raise refusals.invalid(causes)


def _causes(body: Json, old: Json | None) -> Iterator[Cause]:
    yield from _metadata(body, "metadata")
    yield from _spec_of.get(body["kind"], _nothing)(body)
    if old is not None:
        yield from _immutable(old, body)


def _metadata(body: Json, path: str) -> Iterator[Cause]:
    metadata = body["metadata"]
    name, is_label = metadata["name"], body["kind"] in ("Namespace", "Service")
    if not name:
        yield _required(f"{path}.name", "name or generateName is required")
    elif body["kind"] not in ("Role", "RoleBinding"):
        rule, pattern, longest = (_LABEL_RULE, _LABEL, 63) if is_label else (_SUBDOMAIN_RULE, _SUBDOMAIN, 253)
        if not pattern.fullmatch(name):
            yield _invalid(f"{path}.name", name, rule)
        if len(name) > longest:
            yield _invalid(f"{path}.name", name, f"must be no more than {longest} characters")
    yield from _labels(metadata.get("labels") or {}, f"{path}.labels")
    annotations = metadata.get("annotations") or {}
    yield from (
        _invalid(f"{path}.annotations", key, "not a qualified name") for key in annotations if not _qualified(key)
    )
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > ANNOTATIONS_BYTES:
        yield "FieldValueTooLong", f"Too long: may not be more than {ANNOTATIONS_BYTES} bytes", f"{path}.annotations"
    for reference in metadata.get("ownerReferences") or []:
        for field in ("apiVersion", "kind", "name", "uid"):
            if not reference.get(field):
                yield _invalid(f"{path}.ownerReferences.{field}", "", "must not be empty")


def _labels(labels: Json, path: str) -> Iterator[Cause]:
    for key, value in labels.items():
        if not _qualified(key):
            yield _invalid(path, key, "not a qualified name")
        if len(value) > 63:
            yield _invalid(path, value, "must be no more than 63 characters")
        elif not _LABEL_VALUE.fullmatch(value):
            rule = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.'"
            yield _invalid(path, value, rule)


def _qualified(key: str) -> bool:
    found = _QUALIFIED.fullmatch(key)
    prefix = found["prefix"] if found else None
    return found is not None and (prefix is None or _SUBDOMAIN.fullmatch(prefix.lower()) is not None)


def _pod(body: Json) -> Iterator[Cause]:
    spec = body["spec"]
    yield from _choice("spec.restartPolicy", spec["restartPolicy"], ("Always", "OnFailure", "Never"))
    yield from _containers(spec, "spec")
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and deadline < 1:
        yield _invalid("spec.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive")
    volumes = {volume.get("name") for volume in spec.get("volumes") or []}
    for path, container in _each(spec, "spec"):
        image = container.get("image") or ""
        if image != image.strip():
            yield _invalid(f"{path}.image", image, "must not have leading or trailing whitespace")
        for position, mount in enumerate(container.get("volumeMounts") or []):
            if mount.get("name") not in volumes:
                where = f"{path}.volumeMounts[{position}].name"
                yield "FieldValueNotFound", f'Not found: "{mount.get("name")}"', where


def _each(spec: Json, path: str) -> Iterator[tuple[str, Json]]:
    for field in ("initContainers", "containers"):
        yield from ((f"{path}.{field}[{n}]", container) for n, container in enumerate(spec.get(field) or []))


def _containers(spec: Json, above: str) -> Iterator[Cause]:
    if not spec.get("containers"):
        yield _required(f"{above}.containers")
    seen: set[str] = set()
    for path, container in _each(spec, above):
        name = container.get("name") or ""
        if not name:
            yield _required(f"{path}.name")
        elif not _LABEL.fullmatch(name) or len(name) > 63:
            yield _invalid(f"{path}.name", name, _LABEL_RULE)
        elif name in seen:
            yield "FieldValueDuplicate", f'Duplicate value: "{name}"', f"{path}.name"
        seen.add(name)
        if not container.get("image"):
            yield _required(f"{path}.image")
        for field, needed in (("env", "name"), ("volumeMounts", "mountPath")):
            for position, one in enumerate(container.get(field) or []):
                if not one.get(needed):
                    yield _required(f"{path}.{field}[{position}].{needed}")


def _stateful_set(body: Json) -> Iterator[Cause]:
    """Of the template, as a real server: that there are images, not what they look like."""
    spec, template = body["spec"], body["spec"]["template"]
    yield from _choice("spec.podManagementPolicy", spec["podManagementPolicy"], ("OrderedReady", "Parallel"))
    wanted = (spec.get("selector") or {}).get("matchLabels") or {}
    labels = template["metadata"].get("labels") or {}
    if not spec.get("selector"):
        yield _required("spec.selector")
    elif not wanted.items() <= labels.items():
        yield _invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    yield from _labels(labels, "spec.template.labels")
    yield from _containers(template["spec"], "spec.template.spec")
    yield from _choice("spec.updateStrategy.type", spec["updateStrategy"]["type"], ("RollingUpdate", "OnDelete"))
    yield from _choice("spec.template.spec.restartPolicy", template["spec"]["restartPolicy"], ("Always",))
    if "activeDeadlineSeconds" in template["spec"]:
        message = "Forbidden: activeDeadlineSeconds in StatefulSet is not Supported"
        yield "FieldValueForbidden", message, "spec.template.spec.activeDeadlineSeconds"
    partition = (spec["updateStrategy"].get("rollingUpdate") or {}).get("partition", 0)
    for path, number in (("replicas", spec["replicas"]), ("updateStrategy.rollingUpdate.partition", partition)):
        if number < 0:
            yield _invalid(f"spec.{path}", number, "must be greater than or equal to 0")


def _event(body: Json) -> Iterator[Cause]:
    concerned = (body.get("involvedObject") or {}).get("namespace", "")
    if concerned != body["metadata"]["namespace"] and (concerned or body["metadata"]["namespace"] != "default"):
        yield _invalid("involvedObject.namespace", concerned, "does not match event.namespace")


def _immutable(old: Json, new: Json) -> Iterator[Cause]:
    if new["kind"] == "StatefulSet" and _rest(old, _MUTABLE_OF_SET) != _rest(new, _MUTABLE_OF_SET):
        *names, last = (f"'{name}'" for name in _MUTABLE_OF_SET)
        message = f"updates to statefulset spec for fields other than {', '.join(names)} and {last} are forbidden"
        yield "FieldValueForbidden", f"Forbidden: {message}", "spec"
    if new["kind"] == "Pod":
        moved = old["spec"].get("nodeName") not in (None, "", new["spec"].get("nodeName"))
        if moved or _rest(_imageless(old), _MUTABLE_OF_POD) != _rest(_imageless(new), _MUTABLE_OF_POD):
            names = ["containers[*].image", "initContainers[*].image", *_MUTABLE_OF_POD[:3]]
            listed = ",".join(f"`spec.{name}`" for name in names)
            yield "FieldValueForbidden", f"Forbidden: pod updates may not change fields other than {listed}", "spec"
    if new["kind"] == "PersistentVolumeClaim" and _rest(old, _MUTABLE_OF_CLAIM) != _rest(new, _MUTABLE_OF_CLAIM):
        yield "FieldValueForbidden", "Forbidden: spec is immutable after creation except resources.requests", "spec"


def _rest(body: Json, names: tuple[str, ...]) -> Json:
    return {name: value for name, value in body["spec"].items() if name not in names}


def _imageless(pod: Json) -> Json:
    def cleared(containers: list[Json]) -> list[Json]:
        return [{**one, "image": ""} for one in containers]

    names = [name for name in ("containers", "initContainers") if pod["spec"].get(name)]
    return {"spec": pod["spec"] | {name: cleared(pod["spec"][name]) for name in names}}


def _choice(path: str, value: object, choices: tuple[str, ...]) -> Iterator[Cause]:
    if value not in choices:
        listed = ", ".join(f'"{choice}"' for choice in choices)
        yield "FieldValueNotSupported", f'Unsupported value: "{value}": supported values: {listed}', path


def _nothing(_: Json) -> Iterator[Cause]:
    return iter(())


def _required(path: str, message: str = "") -> Cause:
    return "FieldValueRequired", f"Required value: {message}" if message else "Required value", path


def _invalid(path: str, value: object, message: str) -> Cause:
    shown = f'"{value}"' if isinstance(value, str) else value
    return "FieldValueInvalid", f"Invalid value: {shown}: {message}", path


_spec_of: Mapping[str, Callable[[Json], Iterator[Cause]]] = {"Pod": _pod, "StatefulSet": _stateful_set, "Event": _event}
