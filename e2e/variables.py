"""Environment variables by which who starts the scenarios tells them where they are."""

from __future__ import annotations

REGISTRY_ELSEWHERE = "BOOTSTRAP_MONITOR_E2E_REGISTRY_ELSEWHERE"
"""NAME=HOST:PORT: where the registry of that name is, for those to whom the name itself means another place."""

IMAGES_PUSHED = "BOOTSTRAP_MONITOR_E2E_IMAGES_PUSHED"
"""Not empty: the images of the scenarios are in the registry, and nothing is built."""
