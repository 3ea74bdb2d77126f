"""What keeps a container from its start, and what it starts with."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.conformance.objects import container, pod
from e2e.conformance.statuses import INIT_STATE, STATE, ended, waiting
from e2e.conformance.table import Like, Player, Step, made, rows, seen, until
from e2e.kit.api import Json

pytestmark = pytest.mark.kubelet

IT = "Pod/ROW"
DIGEST = "sha256:" + "0" * 64
MISSING = "REGISTRY/none/missing"
SECRET = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "none", "key": "a"}}}]
FIELDS = [
    {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
    for name, path in (("A", "metadata.name"), ("B", "metadata.namespace"), ("C", "metadata.uid"))
]


def image(reference: str, **fields: Any) -> Json:
    return {**container(), "image": reference, **fields}


@rows(
    missing=[
        made(pod(image(f"{MISSING}:1"))),
        until(IT, {"status.phase": "Pending", **waiting("ErrImagePull", message=Like("not found"))}),
        until(IT, waiting("ImagePullBackOff", message=Like("Back-off pulling image"))),
    ],
    missing_digest=[made(pod(image(f"{MISSING}@{DIGEST}"))), until(IT, waiting("ErrImagePull|ImagePullBackOff"))],
    no_registry=[made(pod(image("127.0.0.1:9/a:1"))), until(IT, waiting("ErrImagePull|ImagePullBackOff"))],
    bad_name=[made(pod(image("REGISTRY/Capital:1"))), until(IT, waiting("InvalidImageName"))],
    never_pulled=[made(pod(image(f"{MISSING}:1", imagePullPolicy="Never"))), until(IT, waiting("ErrImageNeverPull"))],
    missing_of_init=[
        made(pod(initContainers=[image(f"{MISSING}:1", name="a")])),
        until(IT, waiting("ErrImagePull|ImagePullBackOff", INIT_STATE)),
        seen(IT, {f"{STATE}.waiting.reason": "PodInitializing"}),
    ],
    missing_of_one=[
        made(pod(container("exit 0", name="a"), image(f"{MISSING}:1", name="b"))),
        until(IT, waiting("ErrImagePull|ImagePullBackOff", "status.containerStatuses.1.state")),
        until(IT, {"status.phase": "Pending", **ended(0, "Completed")}),
    ],
    missing_secret=[
        made(pod(container(env=SECRET))),
        until(IT, waiting("CreateContainerConfigError", message=Like('secret "none" not found'))),
        seen(IT, {"status.phase": "Pending"}),
    ],
    environment=[
        made(
            pod(
                container(
                    'printf %s "$A $B $C $D" >/dev/termination-log', env=[*FIELDS, {"name": "D", "value": "$(A)!"}]
                )
            )
        ),
        until(IT, {f"{STATE}.terminated.message": Like("^ROW NAMESPACE [0-9a-f-]{36} ROW!$")}),
    ],
    arguments=[
        made(
            pod(
                image(
                    "IMAGE",
                    command=["sh", "-c", 'printf %s "$0 $1" >/dev/termination-log'],
                    args=["$(A)", "$(NONE) $$(A)"],
                    env=[{"name": "A", "value": "1"}],
                )
            )
        ),
        until(IT, {f"{STATE}.terminated.message": "1 $(NONE) $(A)"}),
    ],
)
def test_starts(steps: list[Step], player: Player) -> None:
    player.play(steps)
