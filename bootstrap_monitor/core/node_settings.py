"""The node's settings, where the node itself looks for them: its arguments first, then ``AVAGO_*`` variables.

That is avalanchego's (viper's) order; an empty variable counts as not given. A config file comes after both
and cannot be read from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from bootstrap_monitor.core import container as containers
from bootstrap_monitor.core.json import JsonObject

PREFIX = "AVAGO_"

_TRUE = {"1", "t", "T", "TRUE", "true", "True"}
_FALSE = {"0", "f", "F", "FALSE", "false", "False"}


@dataclass(frozen=True, slots=True)
class Setting:
    """What the node is told about one thing."""

    name: str
    """Where it was found, for people: ``AVAGO_NETWORK_ID`` or ``--network-id``."""
    text: str | None
    """None when it is not given, or not readable."""
    unreadable: bool = False
    """It is given by ``valueFrom``, or refers to such a variable."""
    perhaps_in_env_from: bool = False
    """It is not seen, but there is an ``envFrom`` that may hold it."""


def setting(container: JsonObject, flag: str, *, boolean: bool = False) -> Setting:
    """The setting that is called ``flag`` as an argument, and ``AVAGO_FLAG`` as a variable."""
    environment = containers.environment(container)
    raw = containers.raw_argument(container, flag, boolean=boolean)
    if raw is not None:
        text = environment.expand(raw)
        return Setting(f"--{flag}", text or None, unreadable=text is None)
    return variable(environment, PREFIX + flag.upper().replace("-", "_"))


def variable(environment: containers.Environment, name: str) -> Setting:
    """The setting in the variable ``name``."""
    text = environment.get(name) or None
    unreadable = name in environment.unreadable_names
    seen = unreadable or environment.get(name) is not None
    return Setting(name, text, unreadable=unreadable, perhaps_in_env_from=environment.env_from and not seen)


def parse_bool(text: str) -> bool | None:
    """A truth value in one of the spellings that Go's ``strconv.ParseBool`` takes; None for all others."""
    if text in _TRUE:
        return True
    return False if text in _FALSE else None
