"""What a row of the table is made of: requests, and what is answered. Values only; `play` asks and compares.

In any text of a row, ROW is a name of the row's own (`web-3f2a`), NAMESPACE the one that it is in, and IMAGE an image
whose programs are `sh` and `python3`, started with a command.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest

from e2e.kit import observe
from e2e.kit.api import PLAIN, Answer, Api, Json

# Longer than anything takes that a row waits for.
WAIT_SECONDS = 60.0
SHOWN_CHARACTERS = 3000


class Special(Enum):
    """What is expected, where it is not a value."""

    SAME = "as in the answer before about this object"
    CHANGED = "unlike in the answer before about this object"
    PRESENT = "there"
    ABSENT = "not there"


SAME, CHANGED, PRESENT, ABSENT = Special


@dataclass(frozen=True)
class Like:
    """A text in which this pattern is found."""

    pattern: str


@dataclass(frozen=True)
class Of:
    """A value of an object, from the last answer about it: `Of("Pod/ROW", "metadata.uid")`."""

    what: str
    path: str


Expected = Mapping[str, object]
"""By the path in the answer's body: `spec.containers.0.name`, `spec.containers.*.name` (all of them),
`status.conditions.type=Ready.status` (the one with that type); "" is the whole body."""


@dataclass(frozen=True)
class Step:
    """One request: `PATCH StatefulSet/ROW`, `POST Pod`, `GET Pod/ROW/log`; and what matters of its answer."""

    request: str
    status: int = 200
    expected: Expected = field(default_factory=dict)
    body: Any = None
    content_type: str = PLAIN
    parameters: Mapping[str, str] = field(default_factory=dict)
    waits: bool = False
    """Asked again until it is answered so."""


def made(body: Json, expected: Expected | None = None) -> Step:
    """The object is made."""
    return Step(f"POST {body['kind']}", 201, expected or {}, body)


def refused(request: str, status: int, reason: str, message: str = "", body: Any = None, **how: Any) -> Step:
    """Answered with a `Status` of that reason, whose message has the pattern ``message``."""
    expected = {"kind": "Status", "status": "Failure", "code": status, "reason": reason, "message": Like(message)}
    return Step(request, status, expected, body, **how)


def seen(what: str, expected: Expected) -> Step:
    """The object is so by now."""
    return Step(f"GET {what}", 200, expected)


def until(what: str, expected: Expected) -> Step:
    """The object becomes so."""
    return Step(f"GET {what}", 200, expected, waits=True)


def until_gone(what: str) -> Step:
    return Step(f"GET {what}", 404, waits=True)


def rows(**table: list[Step]) -> pytest.MarkDecorator:
    """Each row by its name; a test function `(steps, player)` plays them."""
    return pytest.mark.parametrize("steps", [pytest.param(steps, id=name) for name, steps in table.items()])


@dataclass
class Player:
    """Plays one row in a namespace. ``texts`` are what ROW, NAMESPACE and IMAGE stand for."""

    api: Api
    texts: Mapping[str, str]
    last: dict[str, Json] = field(default_factory=dict)
    """By `Kind/name`, the last answer about each object."""

    def play(self, steps: list[Step]) -> None:
        """:raises AssertionError: what was asked, what was expected and what was answered."""
        for step in steps:
            self._play(step)

    def _play(self, step: Step) -> None:
        method, _, target = self._own(step.request).partition(" ")
        kind, name, subresource = (*target.split("/", 2), "", "")[:3]
        body = self._own(step.body)
        found: list[str] = []
        answer = Answer(0, None)

        def fits() -> bool:
            nonlocal answer
            answer = self.api.ask(
                method,
                kind,
                name,
                body,
                subresource=subresource,
                content_type=step.content_type,
                parameters=dict(self._own(step.parameters)),
            )
            found[:] = self._differences(answer, step)
            return not found

        def told() -> str:
            asked = f"{method} {target} {json.dumps(body) if body is not None else ''}"
            return "\n".join([asked, *found, f"answer: {_brief(answer.body)}"])

        if step.waits:
            observe.wait_for(fits, f"{method} {target}", WAIT_SECONDS, summary=told)
        else:
            assert fits(), told()
        about = _about(answer.body)
        if about and answer.status < 300:
            self.last[about] = answer.body

    def _differences(self, answer: Answer, step: Step) -> list[str]:
        status = [] if answer.status == step.status else [f"status: expected {step.status}, seen {answer.status}"]
        about = _about(answer.body)
        return status + [line for path in step.expected for line in self._difference(answer.body, path, step, about)]

    def _difference(self, seen_body: Any, path: str, step: Step, about: str) -> list[str]:
        expected, found = self._own(step.expected[path]), find(seen_body, self._own(path))
        if expected in (SAME, CHANGED):
            before = find(self.last[about], path) if about in self.last else ABSENT
            fits = (found == before) is (expected is SAME)
            expected = f"{expected.value}: {before!r}"
        elif expected is PRESENT:
            fits = found is not ABSENT
        elif isinstance(expected, Like):
            fits = isinstance(found, str) and re.search(expected.pattern, found) is not None
        else:
            fits = found == expected
        return [] if fits else [f"{path or 'the body'}: expected {expected!r}, seen {found!r}"]

    def _own(self, value: Any) -> Any:
        """With this row's texts, and the values of its objects."""
        if isinstance(value, Of):
            return find(self.last[self._own(value.what)], value.path)
        if isinstance(value, str):
            for token, text in self.texts.items():
                value = value.replace(token, text)
            return value
        if isinstance(value, Like):
            return Like(self._own(value.pattern))
        if isinstance(value, Mapping):
            return {self._own(key): self._own(item) for key, item in value.items()}
        return [self._own(item) for item in value] if isinstance(value, list) else value


def find(document: Any, path: str) -> Any:
    """The value at a path of `Expected`; ``ABSENT`` where there is none."""
    if not path or document is ABSENT:
        return document
    head, _, rest = path.partition(".")
    if isinstance(document, list):
        if head == "*":
            return [find(one, rest) for one in document]
        if "=" in head:
            key, _, value = head.partition("=")
            found = [one for one in document if one.get(key) == value]
            return find(found[0], rest) if found else ABSENT
        return find(document[int(head)], rest) if int(head) < len(document) else ABSENT
    if isinstance(document, dict):
        # A label's name has dots too: the longest that is there.
        for key in sorted(document, key=len, reverse=True):
            if f"{path}.".startswith(f"{key}."):
                return find(document[key], path[len(key) + 1 :])
    return ABSENT


def _brief(body: Any) -> str:
    """An answer to look at: without what fills most of it."""
    if isinstance(body, dict) and "metadata" in body:
        metadata = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
        body = {**body, "metadata": metadata}
    return json.dumps(body)[:SHOWN_CHARACTERS]


def _about(body: Any) -> str:
    """`Kind/name` of the object in an answer."""
    kind, name = (find(body, "kind"), find(body, "metadata.name")) if isinstance(body, dict) else (ABSENT, ABSENT)
    return "" if ABSENT in (kind, name) else f"{kind}/{name}"
