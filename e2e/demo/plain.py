"""The story as lines, one a change: where there is no terminal."""

from __future__ import annotations

from collections.abc import Iterator

from e2e.demo.state import Pod, Result, State, short
from e2e.demo.story import TITLES
from e2e.demo.telling import Scene


def lines(before: tuple[Scene, State] | None, scene: Scene, now: State) -> list[str]:
    """What has changed since the look before."""
    earlier, was = before or (None, State())
    changes = [*_story(earlier, scene), *pods(was, now), *_test(was, now), *log(was, now)]
    if scene.happened and (earlier is None or scene.happened != earlier.happened):
        changes.append(f"==> {scene.happened}")
    return [f"[{scene.seconds:5.1f}s] {change}" for change in changes]


def _story(earlier: Scene | None, scene: Scene) -> Iterator[str]:
    step = scene.step
    if earlier is None or earlier.step.chapter != step.chapter:
        yield f"chapter {step.chapter} of {len(TITLES)}: {step.title}"
    if earlier is None or earlier.step is not step:
        yield f"    {step.doing}"


def pods(was: State, now: State) -> Iterator[str]:
    """Those that look otherwise, and those that are gone."""
    for pod in now.pods:
        if _looks(pod) not in {_looks(other) for other in was.pods}:
            yield f"pod {pod.name}: {pod.status}, ready {pod.ready}, restarts {pod.restarts}, {short(pod.image)}"
    uids = {pod.uid for pod in now.pods}
    for pod in was.pods:
        if pod.uid not in uids:
            yield f"pod {pod.name}: gone"


def _test(was: State, now: State) -> Iterator[str]:
    if now.image != was.image:
        yield f"template: the node's image is {now.image}"
    if now.node and (was.node is None or now.node.bootstrapping != was.node.bootstrapping):
        heights = ", ".join(f"{chain} {height:,}" for chain, height in now.node.heights.items())
        yield f"node: {'bootstrapping' if now.node.bootstrapping else 'nothing left to bootstrap'}; heights {heights}"
    for result in reversed(now.results):
        if result not in was.results:
            yield f"result: {outcome(result)}"


def log(was: State, now: State) -> Iterator[str]:
    """Lines that are new."""
    told = set(was.log)
    for line in now.log:
        if line not in told:
            yield f"{line.container}: {line.message}" + (f" ({line.details})" if line.details else "")


def _looks(pod: Pod) -> tuple[str, str, str, int]:
    return pod.uid, pod.status, pod.ready, pod.restarts


def outcome(result: Result) -> str:
    """In a line."""
    return f"{short(result.image)} {result.verdict} ({result.reason}) after {result.seconds:.1f} s"
