"""One pod on the node, in a thread of its own: level-triggered, each turn does what is missing."""

from __future__ import annotations

import logging
import math
import shutil
import threading
import time
from datetime import timedelta
from typing import Any

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.objects import Json, parse_time, timestamp
from e2e.clusters.local.kubelet import status
from e2e.clusters.local.kubelet.node import Node
from e2e.clusters.local.kubelet.readiness import Address
from e2e.clusters.local.kubelet.runs import Runs

LOG = logging.getLogger(__name__)
SHORTEST_GRACE_SECONDS = 2
"""The kubelet's own."""
RETRY_SECONDS = 10
REMOVAL_SECONDS = 3
"""How long a pod that ends at once is there after its deletion, as on a real node.

Who asks soon after the DELETE meets the same pod: `kubectl delete` asks twice, and would wait for ever for the end of
the one that has taken its place.
"""
TERMINAL = ("Succeeded", "Failed")


class PodWorker:
    """Runs the pod from construction until the pod is gone, or the node stops."""

    def __init__(self, node: Node, pod: Json, address: Address) -> None:
        self.uid = pod["metadata"]["uid"]
        self._node = node
        self._pod = pod
        self._address = address
        self._gone = False
        self._wake = threading.Event()
        self._status: Json = pod.get("status") or {}
        self._started_at = self._status.get("startTime") or timestamp(node.now())
        self._finished = self._over = self._status.get("phase") in TERMINAL
        self._initialized = False
        self._deadline_passed = False
        self._ending_since: float | None = None
        self._asked_to_end: set[str] = set()
        spec = pod["spec"]
        self._inits = [
            Runs(node, pod, one, init=True, changed=self._wake.set) for one in spec.get("initContainers") or []
        ]
        self._mains = [Runs(node, pod, one, init=False, changed=self._wake.set) for one in spec["containers"]]
        self._remember()
        self._thread = threading.Thread(target=self._run, name=f"pod {pod['metadata']['name']}", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def update(self, pod: Json | None) -> None:
        """The pod as it is now; ``None`` when it is no more."""
        if pod is None:
            self._gone = True
        else:
            before, self._pod = self._pod, pod
            if _asks(pod) == _asks(before):  # what has changed is what was told from here
                return
        self._wake.set()

    def kill(self, container_id: str = "") -> bool:
        """SIGKILL to this container, or to all; whether there was one."""
        found = [one.process for one in self._all if one.process and container_id in ("", one.process.id)]
        for process in found:
            process.kill()
        return bool(found)

    def stop(self, seconds: float) -> None:
        """The node is stopping: no process is left, and the pod's object stays as it is.

        A thread that waits for a registry is not waited for longer than ``seconds``.
        """
        while any(one.process and one.process.alive for one in self._all):
            self.kill()
            time.sleep(0.01)
        for one in self._all:
            one.stop_probe()
        self._wake.set()
        self._thread.join(seconds)

    @property
    def _all(self) -> list[Runs]:
        return [*self._inits, *self._mains]

    @property
    def _sidecars(self) -> list[Runs]:
        return [one for one in self._inits if one.known().sidecar]

    def _remember(self) -> None:
        """After a kubelet that has died: everything begins again, in the same pod."""
        told = [*self._status.get("initContainerStatuses", []), *self._status.get("containerStatuses", [])]
        by_name = {one["name"]: one for one in told}
        again = self._pod["spec"].get("restartPolicy") != "Never" and not self._over
        for one in self._all:
            if one.spec["name"] in by_name:
                one.remember(by_name[one.spec["name"]], again=again and one.init)

    def _run(self) -> None:
        while not self._node.stopping.is_set():
            self._wake.clear()
            try:
                wait = self._turn()
            except Exception:
                # A bug, or a disk that is full: the other pods go on, and this one is tried again.
                LOG.exception("pod %s/%s: unexpected error, trying again", *self._name)
                wait = self._node.delays.seconds(RETRY_SECONDS)
            if wait is None:
                return
            self._wake.wait(None if math.isinf(wait) else max(wait, 0.0))

    def _turn(self) -> float | None:
        """Seconds until the next one, if nothing happens; ``None`` when all is done."""
        for one in self._all:
            one.look(self._pod)
        if not self._over and not self._asked_to_end:
            self._over = self._phase() in TERMINAL
        left = self._deadline_left()
        self._deadline_passed |= left <= 0 and not self._over
        grace = self._grace()
        if grace is not None:
            return self._end(grace)
        self._publish()
        return min(self._start(), left)

    def _deadline_left(self) -> float:
        seconds = self._pod["spec"].get("activeDeadlineSeconds")
        if seconds is None or self._over:
            return math.inf
        return (parse_time(self._started_at) + timedelta(seconds=seconds) - self._node.now()).total_seconds()

    # Starting

    def _start(self) -> float:
        """What is due; answers the seconds until something else may be."""
        waits = [math.inf]
        if not self._initialized:
            for one in self._inits:
                waits.append(self._start_one(one))
                if not one.known().initialized:
                    return min(waits)
            self._initialized = True
        return min([*waits, *(self._start_one(one) for one in [*self._sidecars, *self._mains])])

    def _start_one(self, one: Runs) -> float:
        known = one.known()
        policy = "Always" if known.sidecar else self._pod["spec"].get("restartPolicy") or "Always"
        once = policy == "OnFailure" or (one.init and not known.sidecar)
        ended = isinstance(known.state, status.Ended) and (policy == "Never" or (once and known.completed))
        if ended or one.alive or self._grace() is not None:
            return math.inf
        wait = one.start(self._pod, self._address)
        self._publish()
        return wait

    # Ending

    def _grace(self) -> float | None:
        """Seconds that its containers have to end; ``None`` while they may run."""
        if self._gone:
            return SHORTEST_GRACE_SECONDS
        metadata, spec = self._pod["metadata"], self._pod["spec"]
        if "deletionTimestamp" in metadata:
            return max(SHORTEST_GRACE_SECONDS, metadata.get("deletionGracePeriodSeconds") or 0)
        if self._over or self._deadline_passed:
            return max(SHORTEST_GRACE_SECONDS, spec.get("terminationGracePeriodSeconds") or 0)
        return None

    def _end(self, grace: float) -> float | None:
        alive = [one for one in self._all if one.process]
        if alive:
            self._publish()
            return self._ask_to_end(alive, grace)
        self._over = True
        self._publish()
        if not self._gone and "deletionTimestamp" in self._pod["metadata"]:
            if (left := self._linger()) > 0:
                return left
            self._delete()
        if not self._gone:
            return math.inf
        self._node.logs.remove(self._pod)
        shutil.rmtree(self._node.pod_folder(self.uid), ignore_errors=True)
        return None

    def _ask_to_end(self, alive: list[Runs], grace: float) -> float:
        """Sidecars after all others; whoever is not done in time is killed."""
        now = time.monotonic()
        self._ending_since = self._ending_since or now
        left = self._ending_since + grace - now
        if left <= 0:
            self.kill()
            return math.inf
        first = [one for one in alive if one not in self._sidecars] or alive
        for process in (one.process for one in first):
            if process and process.id not in self._asked_to_end:
                self._asked_to_end.add(process.id)
                process.terminate()
        return left

    def _linger(self) -> float:
        """Seconds until a deleted pod may go."""
        now = time.monotonic()
        self._ending_since = self._ending_since or now
        return self._ending_since + self._node.delays.seconds(REMOVAL_SECONDS) - now

    def _delete(self) -> None:
        namespace, name = self._name
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": self.uid}}
        try:
            self._node.api.delete("Pod", name, namespace, options)
        except ApiError as error:
            if error.status not in (404, 409):
                raise
        self._gone = True

    # Telling

    @property
    def _name(self) -> tuple[str, str]:
        return self._pod["metadata"]["namespace"], self._pod["metadata"]["name"]

    def _phase(self) -> str:
        policy = self._pod["spec"].get("restartPolicy") or "Always"
        return status.phase(policy, [one.known() for one in self._inits], [one.known() for one in self._mains])

    def _publish(self) -> None:
        if self._gone or self._finished:
            return
        lost = self._deadline_passed and self._over
        inits, mains = ([one.known(lost=lost) for one in group] for group in (self._inits, self._mains))
        phase, reason, message = self._phase(), "", ""
        if self._over and phase == "Running":
            phase = "Succeeded" if all(one.completed for one in mains) else "Failed"
        elif not self._over and phase in TERMINAL:
            phase = "Running"
        if lost:
            phase, reason = "Failed", "DeadlineExceeded"
            message = "Pod was active on the node longer than the specified deadline"
        alive = not self._over or any(one.alive for one in self._all)
        known = status.Pod(self._address.host, self._started_at, phase, inits, mains, alive, reason, message)
        found = status.pod_status(known, self._status, self._node.now())
        if found != self._status:
            namespace, name = self._name
            self._gone = self._node.api.set_status("Pod", name, namespace, self.uid, found) is None
            self._status = found


def _asks(pod: Json) -> tuple[Any, ...]:
    """What of a pod's object is for the kubelet."""
    metadata = pod["metadata"]
    return pod["spec"], metadata.get("deletionTimestamp"), metadata.get("deletionGracePeriodSeconds")
