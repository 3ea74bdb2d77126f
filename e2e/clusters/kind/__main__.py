"""The commands of `scripts/cluster kind`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from e2e.clusters.errors import ClusterError
from e2e.clusters.kind import cluster
from e2e.clusters.kind.settings import Settings


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    settings = Settings.of()
    try:
        match options.command:
            case "up":
                cluster.up(settings)
                print('the cluster is up; `eval "$(scripts/cluster kind env)"` for kubectl')
            case "down":
                cluster.down(settings)
            case "env":
                print(cluster.shell(settings))
            case "run":
                from e2e.clusters.kind.scenarios import run_beside_node  # noqa: PLC0415 - needs the locked packages

                return run_beside_node(settings, options.words)
    except ClusterError as error:
        print(f"scripts/cluster kind {options.command}: {error}", file=sys.stderr)
        # To scripts/e2e, 1 would be scenarios that failed.
        return 4 if options.command == "run" else 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/cluster kind", description="A Kubernetes of kind's, in Docker, with a registry beside it."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="make it, or take the one of our name; and a registry on localhost:5001")
    commands.add_parser("down", help="remove what `up` has made; a cluster that it took stays")
    commands.add_parser("env", help='print what a shell needs to use it: eval "$(scripts/cluster kind env)"')
    run = commands.add_parser("run", help="push the images, and run a command in a container beside the node")
    run.add_argument("words", metavar="COMMAND…", nargs=argparse.REMAINDER)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
