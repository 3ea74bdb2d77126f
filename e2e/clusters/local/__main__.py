"""The commands of `scripts/cluster local`."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from e2e.clusters.errors import ClusterError

ROOT = Path(__file__).resolve().parents[3]


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    _enter_environment(arguments)
    try:
        print(_done(options), end="")
    except ClusterError as error:
        print(f"scripts/cluster local {options.command}: {error}", file=sys.stderr)
        return 1
    return 0


def _enter_environment(arguments: Sequence[str]) -> None:
    """The cluster needs libraries, which are in .venv alone; `scripts/cluster` runs by whatever python3 there is."""
    found = subprocess.run([ROOT / "scripts/venv"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    if Path(sys.prefix) != Path(found):
        os.chdir(ROOT)
        os.execv(f"{found}/bin/python", [f"{found}/bin/python", "-m", "e2e.clusters.local", *arguments])


def _done(options: argparse.Namespace) -> str:
    from e2e.clusters.local import daemon  # noqa: PLC0415 - with libraries
    from e2e.clusters.local.settings import Delays  # noqa: PLC0415
    from e2e.clusters.local.state import Running, State  # noqa: PLC0415

    state = State(options.state.absolute()) if options.state else State.of_environment()
    match options.command:
        case "up":
            daemon.up(state)
            return 'the cluster is up; `eval "$(scripts/cluster local env)"` for kubectl\n'
        case "down":
            daemon.down(state)
        case "env":
            if Running.load(state) is None:
                raise ClusterError(f"no cluster runs in {state.root}", "start one: `scripts/cluster local up`")
            return f"export KUBECONFIG={shlex.quote(str(state.kubeconfig))}\n"
        case "serve":
            daemon.serve(state, Delays())
    return ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/cluster local",
        description="A small Kubernetes in one process, without root; its containers are processes of this machine.",
    )
    parser.add_argument("--state", type=Path, metavar="FOLDER", help="where it keeps everything")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start it, unless it runs; after a crash, clean up and start anew")
    commands.add_parser("down", help="end it, and remove all that it made")
    commands.add_parser("env", help='print what a shell needs to use it: eval "$(scripts/cluster local env)"')
    commands.add_parser("serve", help="be the cluster, in the foreground, until Ctrl-C")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
