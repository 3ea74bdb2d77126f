"""References to variables in texts: ``$(NAME)`` is Kubernetes', ``$NAME`` and ``${NAME}`` are the node's."""

from __future__ import annotations

import re
from collections.abc import Callable

_kubernetes = re.compile(r"\$(?:(?P<escaped>\$)|\((?P<name>[^)]*)\))")
_go = re.compile(r"\$(?:\{(?P<braced>[^}]*)\}|(?P<plain>[A-Za-z0-9_]+))")


def kubernetes(text: str, value: Callable[[str], str | None]) -> str:
    """``$(NAME)`` becomes its value, ``$$`` becomes ``$``; a name without a value stays as it is written.

    As the API reference of ``EnvVar.value`` and ``Container.args`` says.
    """

    def replace(match: re.Match[str]) -> str:
        if match["escaped"]:
            return "$"
        found = value(match["name"])
        return match[0] if found is None else found

    return _kubernetes.sub(replace, text)


def go(text: str, value: Callable[[str], str | None]) -> str:
    """``$NAME`` and ``${NAME}`` become their value, empty where there is none (Go's ``os.Expand``)."""
    return _go.sub(lambda match: value(match["braced"] or match["plain"] or "") or "", text)
