"""The order of words on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def command_first(words: Sequence[str], takes_value: Mapping[str, bool]) -> list[str]:
    """``--data-dir /data init …`` as ``init --data-dir /data …``.

    ``takes_value`` has the options of all commands, and whether the next word is theirs. Any other word that begins
    with a dash stays where it is: it is the program's own (``--help``), or an error.
    """
    end = 0
    while end < len(words) and words[end].startswith("-"):
        option = words[end].partition("=")[0]
        if option not in takes_value:
            return list(words)
        end += 1 if not takes_value[option] or words[end] != option else 2
    if end >= len(words):
        return list(words)
    return [words[end], *words[:end], *words[end + 1 :]]
