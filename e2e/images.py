"""The images of the scenarios: built and pushed when they are missing or made from something else than what is here."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path

from e2e import registry as registry_api

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "scripts/build-image"
INPUTS_LABEL = "network.avax.bootstrap-monitor.inputs"
NAMES = ("bootstrap-monitor", "scripted-node", "avalanchego", "upstream-monitor")


def _say(message: str) -> None:
    print(f"images: {message}", file=sys.stderr, flush=True)


def _pushed_inputs(reference: str) -> str | None:
    return registry_api.labels(reference).get(INPUTS_LABEL) if registry_api.digest(reference) else None


def _inputs(name: str) -> str:
    command = [str(BUILD), "--print-inputs", "--image", name]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def ensure_images(registry: str, names: Collection[str] = NAMES) -> dict[str, str]:
    """References by name, as `registry/name@sha256:…`: a runtime cannot take an older one for it."""
    references = {}
    for name in names:
        begun, tagged = time.monotonic(), f"{registry}/{name}:dev"
        stale = _pushed_inputs(tagged) != _inputs(name)
        if stale:
            _say(f"{name}: building")
            subprocess.run([BUILD, tagged, "--image", name, "--push"], check=True)
        references[name] = f"{registry}/{name}@{registry_api.digest(tagged)}"
        _say(f"{name}: {'pushed' if stale else 'up to date'} ({time.monotonic() - begun:.1f} s)")
    return references


if __name__ == "__main__":
    for built in ensure_images(sys.argv[1], sys.argv[2:] or NAMES).values():
        print(built)
