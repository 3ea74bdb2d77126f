"""The marker file says which restore the volume's database comes from, and whether that is whole."""

from __future__ import annotations

import os
from pathlib import Path

from bootstrap_monitor.adapters.volume import small_file
from bootstrap_monitor.core import names
from bootstrap_monitor.effects import effect


class RestoreMarker:
    """``<data_dir>/.bootstrap_restore.json``. Every method raises :class:`OSError`."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / names.RESTORE_MARKER

    def read(self) -> bytes | None:
        """The content; ``None`` when there is no such file."""
        return small_file.read(self._path)

    @effect("restore.write marker")
    def write(self, content: bytes) -> None:
        """Replace the content, or leave the old one."""
        small_file.remove_leftovers(self._path)
        temporary = small_file.temporary_for(self._path)
        try:
            small_file.write_temporary(temporary, content)
            small_file.rename(temporary, self._path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def is_by_shell(self) -> bool:
        """Whether older manifests' shell script says that it has unpacked an archive here."""
        return (self._path.with_name(names.SHELL_MARKER)).exists()

    def remove(self) -> None:
        """Remove the file, durably; nothing happens, and nothing is written, when there is none."""
        if os.path.lexists(self._path):
            self._remove()

    @effect("restore.remove marker")
    def _remove(self) -> None:
        small_file.remove(self._path)


class Folders:
    """Restored databases in folders."""

    def is_folder(self, path: str) -> bool:
        """Whether ``path`` is one; an empty path is none."""
        return bool(path) and Path(path).is_dir()

    def marker(self, path: str) -> bytes | None:
        """What the restore into that folder says of itself."""
        return RestoreMarker(Path(path)).read()

    def has_content(self, path: str) -> bool:
        """Whether anything but files of this program and of the filesystem is there."""
        return any(entry.name not in names.OWN_FILES for entry in Path(path).iterdir())
