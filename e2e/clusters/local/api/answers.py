"""From a request to its answer: which verb of the API it is, and with what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from e2e.clusters.local.api import discovery, pod_log, scale, tables
from e2e.clusters.local.api.errors import ApiError, bad_request, method_not_allowed, unknown_path
from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.patches import APPLY
from e2e.clusters.local.api.requests import Request, Response, Target
from e2e.clusters.local.api.schema import decoded
from e2e.clusters.local.api.verbs import Api

# A real server ends a watch after half an hour or more when the client names no time.
WATCH_SECONDS = 1800.0

Stopped = Callable[[], bool]


def answer(api: Api, request: Request, stopped: Stopped) -> Response:
    """Errors of the API are answers too. ``stopped`` tells a watch that its client or the server has gone."""
    try:
        if request.target is not None:
            return _resource(api, request, request.target, stopped)
        if request.path in ("/healthz", "/readyz", "/livez"):
            return Response(200, b"ok", "text/plain")
        document = discovery.document(request.path)
        if document is None:
            raise unknown_path()
        if request.method != "GET":
            raise method_not_allowed()
        return Response.of(document)
    except ApiError as error:
        return Response.refusal(error)


def _resource(api: Api, request: Request, target: Target, stopped: Stopped) -> Response:
    if target.subresource == "log":
        return pod_log.answer(api, request, target)
    if target.subresource == "scale":
        return scale.answer(api, request, target)
    if request.method == "GET":
        return _read(api, request, target, stopped)
    if request.method == "POST" and not target.name and bool(target.namespace) == target.kind.namespaced:
        return _create(api, request, target)
    if request.method == "DELETE" and not target.subresource:
        return _delete(api, request, target)
    if request.method == "PUT" and target.name:
        return Response.of(_replace(api, request, target))
    if request.method == "PATCH" and target.name:
        return _patch(api, request, target)
    raise method_not_allowed()


def _read(api: Api, request: Request, target: Target, stopped: Stopped) -> Response:
    kind, name, fields = target.kind.name, target.name, request.query.get("fieldSelector", "")
    labels, after = request.query.get("labelSelector", ""), request.query.get("resourceVersion", "")
    seen = _as_asked_for(api, request)
    if request.verb == "watch":
        if name:
            fields = f"metadata.name={name}"
        seconds = request.number("timeoutSeconds") or WATCH_SECONDS
        events = api.watch(kind, target.namespace, after, seconds, labels=labels, fields=fields, stopped=stopped)
        return Response(200, (orjson.dumps({**event, "object": seen(event["object"])}) + b"\n" for event in events))
    if name:
        return Response.of(seen(api.get(kind, name, target.namespace)))
    return Response.of(seen(api.list(kind, target.namespace, labels=labels, fields=fields)))


def _as_asked_for(api: Api, request: Request) -> Callable[[Json], Json]:
    """Objects as they are, or the rows that `kubectl get` prints."""
    if tables.ACCEPT not in request.headers.get("Accept", ""):
        return lambda body: body
    return lambda body: body if body["kind"] == "Status" else tables.table(body, api.now())


def _create(api: Api, request: Request, target: Target) -> Response:
    body = request.object()
    _check_fields(request, {**body, "kind": target.kind.name})
    body.setdefault("kind", target.kind.name)
    body.setdefault("apiVersion", target.kind.group_version)
    if (body["kind"], body["apiVersion"]) != (target.kind.name, target.kind.group_version):
        what = f"{body['apiVersion']}, Kind={body['kind']}"
        raise bad_request(f"{what} in the body is not {target.kind.group_version}, Kind={target.kind.name} of the URL")
    return Response.of(api.create(body, target.namespace, manager=request.manager, dry_run=request.dry_run), 201)


def _replace(api: Api, request: Request, target: Target) -> Json:
    body = request.object()
    body |= {"kind": target.kind.name}
    _check_fields(request, body)
    if (name := body.get("metadata", {}).get("name")) != target.name:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({target.name})")
    return api.replace(
        body, target.namespace, subresource=target.subresource, manager=request.manager, dry_run=request.dry_run
    )


def _patch(api: Api, request: Request, target: Target) -> Response:
    is_new = request.content_type == APPLY and not _exists(api, target)
    body = api.patch(
        target.kind.name,
        target.name,
        request.body(),
        request.content_type,
        target.namespace,
        subresource=target.subresource,
        manager=request.query.get("fieldManager", "") if request.content_type == APPLY else request.manager,
        force=request.flag("force"),
        dry_run=request.dry_run,
    )
    return Response.of(body, 201 if is_new else 200)


def _check_fields(request: Request, body: Json) -> None:
    """As kubectl wants it: a field that is not known is an error."""
    if request.query.get("fieldValidation") == "Strict" and (unknown := decoded(body)[1]):
        listed = ", ".join(f'unknown field "{path}"' for path in unknown)
        raise bad_request(f"strict decoding error: {listed}")


def _exists(api: Api, target: Target) -> bool:
    fields = f"metadata.name={target.name}"
    return bool(api.list(target.kind.name, target.namespace, fields=fields)["items"])


def _delete(api: Api, request: Request, target: Target) -> Response:
    options: Json = dict(request.object()) if request.content else {}
    for name in ("propagationPolicy", "gracePeriodSeconds", "dryRun"):
        if name in request.query:
            value: Any = request.query[name]
            options[name] = (
                request.number(name) if name == "gracePeriodSeconds" else [value] if name == "dryRun" else value
            )
    kind = target.kind.name
    if target.name:
        return Response.of(api.delete(kind, target.name, target.namespace, options))
    labels, fields = request.query.get("labelSelector", ""), request.query.get("fieldSelector", "")
    found = api.list(kind, target.namespace, labels=labels, fields=fields)
    for body in found["items"]:
        api.delete(kind, body["metadata"]["name"], body["metadata"].get("namespace", ""), options)
    return Response.of(found)
