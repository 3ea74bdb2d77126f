"""Environment variables that tell the scenarios where they are."""

from __future__ import annotations

REGISTRY_ELSEWHERE = "BOOTSTRAP_MONITOR_E2E_REGISTRY_ELSEWHERE"
"""NAME=HOST:PORT: where the registry of that name is, for those to whom the name itself means another place."""
