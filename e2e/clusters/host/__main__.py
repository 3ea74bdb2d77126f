"""The commands of `scripts/cluster host`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from e2e.clusters.errors import ClusterError
from e2e.clusters.host import builds, cluster
from e2e.clusters.host.components import NAMES
from e2e.clusters.host.environment import Environment

BUILDS = {
    "kubernetes": builds.kubernetes,
    "avalanchego": builds.avalanchego,
    "upstream-monitor": builds.upstream_monitor,
    "versitygw": builds.versitygw,
}


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        print(_done(options), end="")
    except ClusterError as error:
        print(f"scripts/cluster host {options.command}: {error}", file=sys.stderr)
        return 1
    return 0


def _done(options: argparse.Namespace) -> str:
    match options.command:
        case "up":
            environment = cluster.up()
            return f'the cluster is up; `eval "$(scripts/cluster host env)"` for {environment.kubectl.name}\n'
        case "down":
            cluster.down()
        case "env":
            return f"{Environment.load().shell()}\n"
        case "start":
            cluster.start(options.component)
        case "stop":
            cluster.stop(options.component)
        case "volumes":
            return f"{cluster.renew_volumes()} volumes made anew\n"
        case "install":
            cluster.install()
        case "build":
            return _build(options.what)
    return ""


def _build(what: str) -> str:
    wanted = BUILDS if what == "all" else {what: BUILDS[what]}
    return "".join(f"{build()}\n" for build in wanted.values())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/cluster host",
        description="A real Kubernetes as ordinary processes of this Linux machine. Needs root.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start it, unless it runs; after a crash, clean up and start anew")
    commands.add_parser("down", help="end it, and remove all that it made except the registry's images and the logs")
    commands.add_parser("env", help='print what a shell needs to use it: eval "$(scripts/cluster host env)"')
    for name, text in (("start", "start one component that was stopped"), ("stop", "stop one component")):
        commands.add_parser(name, help=text).add_argument("component", choices=NAMES)
    commands.add_parser("volumes", help="empty the volumes whose claims are gone, and make them free again")
    commands.add_parser("install", help="install the Debian packages that it needs, as `up` does")
    build = commands.add_parser("build", help="build and print the paths of the programs")
    build.add_argument("what", nargs="?", choices=(*BUILDS, "all"), default="all")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
