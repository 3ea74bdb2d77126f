"""Extended headers of POSIX.1-2001 (PAX): records ``LENGTH KEY=VALUE`` and a newline."""

from __future__ import annotations

from bootstrap_monitor.core.archive.refused import damaged

Records = list[tuple[bytes, bytes]]
"""In the order of the archive: sparse maps of format 0.0 repeat their keys."""


def parse(content: bytes) -> Records:
    """The records. Raises :class:`Refused` for what is none."""
    records: Records = []
    at = 0
    while at < len(content) and content[at]:  # some writers fill up with NUL
        space = content.find(b" ", at, at + 20)
        digits = content[at : max(space, at)]
        end = at + int(digits) if digits.isdigit() else 0
        key, equals, value = content[space + 1 : end - 1].partition(b"=")
        if end > len(content) or end <= space or not equals or content[end - 1 : end] != b"\n":
            raise damaged("a PAX header has a malformed record")
        records.append((key, value))
        at = end
    return records


def merged(globally: dict[bytes, bytes], records: Records) -> dict[bytes, bytes]:
    """``globally`` as changed by ``records``: the last wins, an empty value takes the key away."""
    values = {**globally, **dict(records)}
    return {key: value for key, value in values.items() if value}


def number(value: bytes) -> int:
    """Decimal digits. Raises :class:`Refused` for anything else."""
    if not value.isdigit() or len(value) > 20:
        raise damaged("a PAX header has a number that is none")
    return int(value)
