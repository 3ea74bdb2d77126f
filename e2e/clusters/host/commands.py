"""Runs a command to its end, with an error that says what it said."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from e2e.clusters.errors import ClusterError
from e2e.clusters.host.settings import SEARCH_PATH


def path_variable() -> str:
    return f"{os.environ.get('PATH', '')}:{SEARCH_PATH}"


def installed(command: str) -> str:
    """Its absolute path, or where Debian puts it."""
    return shutil.which(command, path=path_variable()) or f"/usr/bin/{command}"


def run(
    argv: Sequence[str | Path],
    *,
    remedy: str,
    stdin: str = "",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    seconds: float = 60,
) -> str:
    """Its standard output; what it needs of the environment beside the caller's comes in `env`."""
    words = [str(word) for word in argv]
    shown = " ".join(words)
    try:
        done = subprocess.run(
            words,
            input=stdin,
            env={**os.environ, "PATH": path_variable(), **(env or {})},
            cwd=cwd,
            timeout=seconds,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise ClusterError(f"`{words[0]}` is not on this machine's PATH", remedy) from error
    except subprocess.TimeoutExpired as error:
        raise ClusterError(f"`{shown}` has not ended after {seconds:.0f} s", remedy) from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-3000:]
        raise ClusterError(f"`{shown}` ended with {done.returncode}: {said}", remedy)
    return done.stdout
