"""What a source of an archive is to those who read it."""

from __future__ import annotations

from bootstrap_monitor.core.restore.source import Source
from bootstrap_monitor.errors import SourceChanged

__all__ = ["Source", "SourceChanged"]
