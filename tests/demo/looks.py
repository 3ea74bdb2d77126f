"""States as the story sees them."""

from __future__ import annotations

from dataclasses import replace

from e2e.demo.state import Disk, Logged, Node, Pod, Result, State
from e2e.demo.story import Step
from e2e.demo.telling import Scene

PRIMARY_NETWORK = "11111111111111111111111111111111LpoYY"
REPOSITORY = "registry:5000/demo/avalanchego"
START = "2026-11-21T16:00:01.5+00:00"
NAME = "bootstrap-mainnet-full-sync-0"


def digest(letter: str) -> str:
    return f"sha256:{letter * 64}"


def image(letter: str) -> str:
    return f"{REPOSITORY}@{digest(letter)}"


def pod(letter: str = "a", uid: str = "uid-1", **changes: object) -> Pod:
    made = Pod(NAME, uid, "2/2", "Running", 0, 12.4, image(letter), True)
    return replace(made, **changes)  # type: ignore[arg-type] # the fields of a Pod


def node(height: int = 30_000_000, *bootstrapping: str) -> Node:
    return Node({"C": height, "P": 7, "X": 1}, bootstrapping, healthy=not bootstrapping)


def watching(uid: str = "uid-1", start: str = START) -> Logged:
    return Logged("2026-11-21T16:00:05.1Z", uid, "monitor", "info", "Watching the node", start)


def result(letter: str = "a", verdict: str = "passed", start: str = START) -> Result:
    if verdict == "passed":
        return Result(image(letter), start, verdict, "Bootstrapped", "healthy in 3 samples", 8.42, 5_300_000)
    message = "the container restarted 2 times. Read the end of the log."
    return Result(image(letter), start, verdict, "CrashLoop", message, 21.4, None)


def running(letter: str = "a", *, uid: str = "uid-1", height: int = 30_000_000, **changes: object) -> State:
    """A test under way, its image pinned."""
    made = State(
        pods=(pod(letter, uid),),
        image=image(letter),
        tag="latest",
        node=node(height, PRIMARY_NETWORK),
        disk=Disk(5_300_000, 58_000_000_000),
        log=(watching(uid),),
    )
    return replace(made, **changes)  # type: ignore[arg-type] # the fields of a State


def scene(chapter: int = 2, happened: str = "", seconds: float = 31.2) -> Scene:
    return Scene(Step(chapter, "The pod was deleted. The test has to resume.", lambda _: None), happened, seconds)
