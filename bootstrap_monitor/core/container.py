"""What a container's program is given: variables and arguments, as far as the pod's JSON tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bootstrap_monitor.core import expansion
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Environment:
    """A container's variables, as far as its JSON gives them."""

    values: Mapping[str, str]
    """The literal ones, expanded."""
    unreadable_names: frozenset[str]
    """Those from ``valueFrom``, and those whose value refers to an unreadable one."""
    env_from: bool
    """Whether there may be more, from a ConfigMap or a Secret."""

    def get(self, name: str) -> str | None:
        """The value; None when it is not given or cannot be read."""
        return self.values.get(name)

    def unreadable(self, name: str) -> bool:
        """Whether the variable has, or may have, a value that the pod's JSON does not tell."""
        return name in self.unreadable_names or (self.env_from and name not in self.values)

    def expand(self, text: str) -> str | None:
        """``text`` with its ``$(NAME)`` replaced; None when one of them is unreadable."""
        unreadable = False

        def value(name: str) -> str | None:
            nonlocal unreadable
            unreadable = unreadable or self.unreadable(name)
            return self.get(name)

        expanded = expansion.kubernetes(text, value)
        return None if unreadable else expanded


def environment(container: JsonObject) -> Environment:
    """The variables of ``container``; of two with one name the later counts, as the kubelet does it.

    A value is expanded with the variables *before* it.
    """
    values: dict[str, str] = {}
    unreadable: set[str] = set()
    env_from = bool(container.get("envFrom"))
    for entry in container.get("env") or []:
        name = entry["name"]
        from_elsewhere = entry.get("valueFrom") and not entry.get("value")
        before = Environment(values, frozenset(unreadable), env_from)
        text = None if from_elsewhere else before.expand(entry.get("value") or "")
        values.pop(name, None)
        unreadable.discard(name)
        if text is None:
            unreadable.add(name)
        else:
            values[name] = text
    return Environment(values, frozenset(unreadable), env_from)


def raw_argument(container: JsonObject, flag: str, *, boolean: bool = False) -> str | None:
    """The value of ``flag`` in command and args before expansion; None when it is not given.

    ``--flag=value``, ``-flag=value`` and ``--flag value`` are read, the last one counts. A ``boolean`` flag
    alone stands for ``true`` and does not take the word behind it (as in Go's pflag).
    """
    value: str | None = None
    words = [str(word) for word in [*(container.get("command") or []), *(container.get("args") or [])]]
    for index, word in enumerate(words):
        name, equals, text = word.partition("=")
        if name not in {f"--{flag}", f"-{flag}"}:
            continue
        if equals:
            value = text
        elif boolean:
            value = "true"
        elif index + 1 < len(words):
            value = words[index + 1]
    return value


def argument(container: JsonObject, flag: str) -> str | None:
    """The value of ``flag`` in command and args, with ``$(NAME)`` expanded; None when it is not given.

    :raises ConfigurationError: it refers to a variable that cannot be read.
    """
    raw = raw_argument(container, flag)
    if raw is None:
        return None
    value = environment(container).expand(raw)
    if value is None:
        raise ConfigurationError(
            f"--{flag} is {raw!r}, which refers to a variable that cannot be read",
            reason="UnreadableArgument",
            check="valueFrom and envFrom of the container: their values are not in the pod's object.",
            do=f"Give --{flag} a literal value.",
        )
    return value
