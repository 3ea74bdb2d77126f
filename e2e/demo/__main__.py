"""`scripts/demo`: options, and what they join."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from e2e.clusters.errors import ClusterError
from e2e.demo import farewell, interruption, plain
from e2e.demo.display import display
from e2e.demo.gather import gather
from e2e.demo.installation import CHANGES, OVERLAY
from e2e.demo.recording import HEIGHT, WIDTH, Recording
from e2e.demo.screen import results, screen
from e2e.demo.stage import Hands, Stage, StageError
from e2e.demo.state import State
from e2e.demo.story import story
from e2e.demo.telling import NotSeenError, Scene, tell
from e2e.kit import report
from e2e.kit.cluster import KINDS
from e2e.kit.rig import Rig


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    interruption.install()
    stage = Stage(options.cluster)
    try:
        return _play(stage, options)
    except (StageError, ClusterError) as error:
        _say(str(error))
        return 1
    finally:
        stage.clear()


def _play(stage: Stage, options: argparse.Namespace) -> int:
    _say(f"the cluster is `{options.cluster}`; Ctrl-C ends it at any time")
    cluster = stage.cluster()
    rig = stage.rig(cluster)
    _say(f"manifests/rendered/{OVERLAY}.yaml, changed for a minute's demonstration:")
    for change in CHANGES:
        _say(f"  {change}")
    _say("the node is a scripted one: it runs in seconds what takes avalanchego weeks")
    try:
        _tell(rig, options)
    except NotSeenError as error:
        _fail(error, rig)
        return 1
    if options.keep:
        print(farewell.commands(cluster, rig.namespace, rig.name, options.cluster, ran_before=stage.ran_before))
        stage.keep()
    else:
        print(farewell.NEXT)
    return 0


def _tell(rig: Rig, options: argparse.Namespace) -> None:
    recording = Recording()
    with display(plain=options.plain or not sys.stdout.isatty()) as shown:

        def show(scene: Scene, now: State) -> None:
            shown.show(scene, now)
            recording.add(scene.seconds, screen(scene, now, WIDTH, HEIGHT))

        scene, end = tell(story(Hands(rig)), lambda: gather(rig), show, pause_seconds=shown.pause_seconds)
    if options.record:
        options.record.write_text(recording.svg(), encoding="utf-8")
    print(f"\nThe results, newest first, after {scene.seconds:.0f} s:\n")
    console = Console()
    console.print(results(end.results, console.width))


def _fail(error: NotSeenError, rig: Rig) -> None:
    _say(str(error))
    for line in (*plain.pods(State(), error.state), *list(plain.log(State(), error.state))[-10:]):
        _say(f"  {line}")
    _say(f"logs, and all that the cluster says of it: {report.write(rig, 'demo')}")


def _say(message: str) -> None:
    print(f"scripts/demo: {message}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/demo", description="The whole loop in a minute, with the manifests that are shipped."
    )
    parser.add_argument("--cluster", choices=KINDS, default="local", help="where; the default needs nothing but pip")
    parser.add_argument("--plain", action="store_true", help="lines instead of a screen, as where there is no terminal")
    parser.add_argument("--keep", action="store_true", help="leave the cluster up, and print what to type")
    parser.add_argument("--record", type=_file, metavar="FILE.svg", help="write the screen as a moving picture")
    return parser


def _file(name: str) -> Path:
    """Found out now, not after a minute."""
    path = Path(name)
    if not path.parent.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{name} cannot be written")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
