"""The subresource `log` of a pod: which container is meant, and how much of it."""

from __future__ import annotations

from e2e.clusters.local.api.errors import Refusals, bad_request, method_not_allowed
from e2e.clusters.local.api.objects import Json, Kind
from e2e.clusters.local.api.requests import Request, Response, Target
from e2e.clusters.local.api.verbs import Api


def answer(api: Api, request: Request, target: Target) -> Response:
    """Plain text; 204 for a pod on no node, 400 where it is open which container is meant, 422 for a wrong length."""
    if request.method != "GET":
        raise method_not_allowed()
    pod = api.get("Pod", target.name, target.namespace)
    container = _container(pod, request.query.get("container", ""))
    if not pod["spec"].get("nodeName"):
        return Response(204, b"")
    _check_numbers(request, target.name)
    tail_lines, timestamps = request.number("tailLines"), request.flag("timestamps")
    if request.flag("follow"):
        lines = api.logs.follow(pod, container, tail_lines=tail_lines, timestamps=timestamps)
        return Response(200, lines, "text/plain")
    log = api.logs.read(
        pod,
        container,
        previous=request.flag("previous"),
        tail_lines=tail_lines,
        limit_bytes=request.number("limitBytes"),
        timestamps=timestamps,
    )
    return Response(200, log, "text/plain")


def _check_numbers(request: Request, name: str) -> None:
    """422 for what is too small."""
    rules = (("tailLines", 0, "greater than or equal to 0"), ("limitBytes", 1, "greater than 0"))
    numbers = [(field, request.number(field), least, rule) for field, least, rule in rules]
    causes = [
        ("FieldValueInvalid", f"Invalid value: {number}: must be {rule}", field)
        for field, number, least, rule in numbers
        if number is not None and number < least
    ]
    if causes:
        raise Refusals(Kind("PodLogOptions", ""), name).invalid(causes)


def _container(pod: Json, asked: str) -> str:
    name = pod["metadata"]["name"]
    main = [one["name"] for one in pod["spec"]["containers"]]
    first = [one["name"] for one in pod["spec"].get("initContainers") or []]
    if not asked and len(main) == 1:
        return str(main[0])
    if not asked:
        others = f" or one of the init containers: [{' '.join(first)}]" if first else ""
        raise bad_request(
            f"a container name must be specified for pod {name}, choose one of: [{' '.join(main)}]{others}"
        )
    if asked not in (*main, *first):
        raise bad_request(f"container {asked} is not valid for pod {name}")
    return asked
