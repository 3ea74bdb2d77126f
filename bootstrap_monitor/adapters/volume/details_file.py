"""The details file says which test the volume holds.

Absent means "clear again": it is removed before anything else is, and written last.
"""

from __future__ import annotations

from pathlib import Path

from bootstrap_monitor.adapters.volume import small_file
from bootstrap_monitor.core import names
from bootstrap_monitor.effects import effect


class DetailsFile:
    """``<data_dir>/bootstrap_test_details.txt``. Every method raises :class:`OSError`."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / names.DETAILS_FILE

    def read(self) -> bytes | None:
        """The content; ``None`` when there is no such file."""
        return small_file.read(self._path)

    def write(self, content: bytes) -> None:
        """Replace the content, or leave the old one: after a crash it is one of the two, never a mixture."""
        small_file.remove_leftovers(self._path)
        temporary = small_file.temporary_for(self._path)
        try:
            self._write_temporary(temporary, content)
            self._rename(temporary)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    @effect("volume.remove details")
    def remove(self) -> None:
        """Remove the file, durably; nothing happens when there is none."""
        small_file.remove(self._path)

    @effect("volume.set aside details")
    def set_aside(self) -> None:
        """Keep an unusable file for people, as ``bootstrap_test_details.txt.bad``; replaces an older one."""
        small_file.rename(self._path, self._path.with_name(names.DETAILS_SET_ASIDE))

    @effect("volume.write temporary details")
    def _write_temporary(self, temporary: Path, content: bytes) -> None:
        small_file.write_temporary(temporary, content)

    @effect("volume.rename details")
    def _rename(self, temporary: Path) -> None:
        small_file.rename(temporary, self._path)
