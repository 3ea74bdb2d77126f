"""Trees of files, as nested dicts: a name to its content, or to what is in the folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

KEEP = {"kept", "lost+found"}


def ignore(entries: int) -> None:
    """Take no notice of the progress."""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def make(folder: Path, tree: dict[str, Any]) -> None:
    """Make a tree: a dict is a folder, bytes are a file, a path is the target of a symbolic link."""
    for name, content in tree.items():
        path = folder / name
        if isinstance(content, dict):
            path.mkdir()
            make(path, content)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.symlink_to(content)


def read(folder: Path) -> dict[str, Any]:
    """The reverse of :func:`make`."""
    tree: dict[str, Any] = {}
    for path in folder.iterdir():
        if path.is_symlink():
            tree[path.name] = path.readlink()
        else:
            tree[path.name] = read(path) if path.is_dir() else path.read_bytes()
    return tree


NODE = {"db": {"v1": {"1.ldb": b"x", "2.ldb": b"y"}}, "staking": {}, "process.json": b"{}"}
