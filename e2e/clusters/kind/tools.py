"""docker and kind, run to their end, with errors that say what they said."""

from __future__ import annotations

import os
import subprocess
import sys

from e2e.clusters.errors import ClusterError

SECONDS = 60.0
# Images are pulled on the way.
LONG_SECONDS = 900.0
ENVIRONMENT = {
    # Whatever a user has set for other clusters.
    "KIND_EXPERIMENTAL_PROVIDER": "docker",
    "KIND_EXPERIMENTAL_DOCKER_NETWORK": "",
    # An image is pushed as one, not as an index with a description of its build.
    "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
}
INSTALL = {
    "docker": "install Docker (Docker Engine, Docker Desktop or Colima) and start it",
    "kind": "install kind 0.27 or newer: https://kind.sigs.k8s.io/docs/user/quick-start/#installation",
}


def say(message: str) -> None:
    print(f"kind: {message}", file=sys.stderr, flush=True)


def need() -> None:
    """Both are there, and Docker's daemon answers."""
    answer = _done(["docker", "version", "--format", "{{.Server.Version}}"])
    if answer.returncode != 0:
        raise ClusterError(
            f"docker is installed, but its daemon does not answer: {answer.stderr.strip()}",
            "start Docker (Docker Desktop, `colima start`, or `sudo systemctl start docker`), then try again",
            check="does `docker info` show a server? is this user in the group `docker`? is DOCKER_HOST right?",
        )
    run(["kind", "version"], INSTALL["kind"])


def run(argv: list[str], remedy: str, *, stdin: str = "", seconds: float = SECONDS) -> str:
    """Standard output.

    :raises ClusterError: it is not there, fails, or takes too long.
    """
    answer = _done(argv, stdin, seconds)
    if answer.returncode != 0:
        said = (answer.stderr or answer.stdout).strip()[-3000:]
        raise ClusterError(
            f"`{' '.join(argv)}` ended with {answer.returncode}: {said}", remedy, check="`docker ps --all`"
        )
    return answer.stdout


def ask(argv: list[str]) -> str | None:
    """Standard output; ``None`` when it fails, as of something that is not there."""
    answer = _done(argv)
    return answer.stdout.strip() if answer.returncode == 0 else None


def _done(argv: list[str], stdin: str = "", seconds: float = SECONDS) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **ENVIRONMENT}
    try:
        return subprocess.run(argv, input=stdin, env=env, timeout=seconds, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise ClusterError(
            f"`{argv[0]}` is not installed", INSTALL[argv[0]], check=f"`command -v {argv[0]}`"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise ClusterError(
            f"`{' '.join(argv)}` has not ended after {seconds:.0f} s",
            "try again; what was pulled is kept",
            check="`docker info`: is the daemon busy, or without network?",
        ) from error
