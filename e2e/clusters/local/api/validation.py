"""What a real API server refuses with 422, as far as a program or a person here could run into it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from e2e.clusters.local.api.errors import Cause, Refusals, bad_request
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


def check(body: Json, old: Json | None, refusals: Refusals) -> None:
    """:class:`ApiError` 422 with all causes, 400 for values of a wrong type; ``old`` when it is an update."""
    for name in ("labels", "annotations"):
        values = body["metadata"].get(name) or {}
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            kind = refusals.kind.name
            raise bad_request(f'{kind} in version "v1" cannot be handled as a {kind}: metadata.{name} holds strings')
    causes = list(_metadata(body, "metadata"))
    causes += _spec_of.get(body["kind"], _nothing)(body)
    if old is not None:
        causes += _immutable(old, body)
    if causes:
        raise refusals.invalid(causes)


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
            yield _invalid(f"{path}.name", name, f"must be no more than {longest} bytes")
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
            yield _invalid(path, value, "must be no more than 63 bytes")
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
    if not spec.get("containers"):
        yield _required("spec.containers")
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and deadline < 1:
        yield _invalid("spec.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive")
    volumes = {volume.get("name") for volume in spec.get("volumes") or []}
    seen: set[str] = set()
    for field in ("initContainers", "containers"):
        for position, container in enumerate(spec.get(field) or []):
            yield from _container(container, f"spec.{field}[{position}]", volumes, seen)


def _container(container: Json, path: str, volumes: set[str], seen: set[str]) -> Iterator[Cause]:
    name, image = container.get("name") or "", container.get("image") or ""
    if not name:
        yield _required(f"{path}.name")
    elif not _LABEL.fullmatch(name) or len(name) > 63:
        yield _invalid(f"{path}.name", name, _LABEL_RULE)
    elif name in seen:
        yield "FieldValueDuplicate", f'Duplicate value: "{name}"', f"{path}.name"
    seen.add(name)
    if not image:
        yield _required(f"{path}.image")
    elif image != image.strip():
        yield _invalid(f"{path}.image", image, "must not have leading or trailing whitespace")
    for position, variable in enumerate(container.get("env") or []):
        if not variable.get("name"):
            yield _required(f"{path}.env[{position}].name")
    for position, mount in enumerate(container.get("volumeMounts") or []):
        yield from _mount(mount, f"{path}.volumeMounts[{position}]", volumes)


def _mount(mount: Json, path: str, volumes: set[str]) -> Iterator[Cause]:
    if not mount.get("mountPath"):
        yield _required(f"{path}.mountPath")
    if mount.get("name") not in volumes:
        yield "FieldValueNotFound", f'Not found: "{mount.get("name")}"', f"{path}.name"


def _stateful_set(body: Json) -> Iterator[Cause]:
    """Of the template no more than a real server looks at, which is next to nothing: not its images."""
    spec, template = body["spec"], body["spec"]["template"]
    yield from _choice("spec.podManagementPolicy", spec["podManagementPolicy"], ("OrderedReady", "Parallel"))
    wanted = (spec.get("selector") or {}).get("matchLabels") or {}
    labels = template["metadata"].get("labels") or {}
    if not spec.get("selector"):
        yield _required("spec.selector")
    elif not wanted.items() <= labels.items():
        yield _invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    yield from _labels(labels, "spec.template.labels")
    yield from _choice("spec.updateStrategy.type", spec["updateStrategy"]["type"], ("RollingUpdate", "OnDelete"))
    yield from _choice("spec.template.spec.restartPolicy", template["spec"]["restartPolicy"], ("Always",))
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
