"""The StatefulSet controller, as Kubernetes 1.34 has it: numbered pods, each with its own claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.verbs import Api
from e2e.clusters.local.controllers import identity, owners, plan, pods, revisions
from e2e.clusters.local.controllers.events import Recorder
from e2e.clusters.local.controllers.plan import Create, Members
from e2e.clusters.local.controllers.revisions import Revisions
from e2e.clusters.local.settings import Delays

CLAIM = "PersistentVolumeClaim"
FIRST_RETRY_SECONDS = 0.005
LAST_RETRY_SECONDS = 1000.0


@dataclass(frozen=True)
class _BackOff:
    """After failures in a row at one generation: when to try again."""

    generation: int
    failures: int
    until: datetime


class StatefulSets:
    """Reconciles all StatefulSets. One whose turn was refused is tried again later, or when its spec changes."""

    def __init__(self, delays: Delays, now: Callable[[], datetime]) -> None:
        self._delays = delays
        self._now = now
        self._events = Recorder("statefulset-controller", now)
        self._back_offs: dict[str, _BackOff] = {}

    def reconcile(self, api: Api) -> None:
        stateful_sets = api.list("StatefulSet")["items"]
        uids = {stateful_set["metadata"]["uid"] for stateful_set in stateful_sets}
        self._back_offs = {uid: back_off for uid, back_off in self._back_offs.items() if uid in uids}
        for stateful_set in stateful_sets:
            if "deletionTimestamp" in stateful_set["metadata"] or not self._due(stateful_set):
                continue
            try:
                self._sync(api, stateful_set)
            except ApiError:
                self._back_off(stateful_set)
            else:
                self._back_offs.pop(stateful_set["metadata"]["uid"], None)

    def _due(self, stateful_set: Json) -> bool:
        back_off = self._back_offs.get(stateful_set["metadata"]["uid"])
        if back_off is None or back_off.generation != stateful_set["metadata"]["generation"]:
            return True
        return self._now() >= back_off.until

    def _back_off(self, stateful_set: Json) -> None:
        uid, generation = stateful_set["metadata"]["uid"], stateful_set["metadata"]["generation"]
        before = self._back_offs.get(uid)
        failures = before.failures if before and before.generation == generation else 0
        seconds = min(FIRST_RETRY_SECONDS * 2 ** min(failures, 30), LAST_RETRY_SECONDS)
        until = self._now() + timedelta(seconds=self._delays.seconds(seconds))
        self._back_offs[uid] = _BackOff(generation, failures + 1, until)

    def _sync(self, api: Api, stateful_set: Json) -> None:
        namespace = stateful_set["metadata"]["namespace"]
        seen = revisions.observed(api, stateful_set)
        selected = api.list("Pod", namespace, labels=identity.selector_text(stateful_set))["items"]
        name = stateful_set["metadata"]["name"]
        named = [pod for pod in selected if pods.ordinal(pod, name) is not None]
        members = Members.of(stateful_set, owners.claimed(api, "Pod", named, identity.owner(stateful_set)))
        try:
            self._keep_claims(api, stateful_set, members)
            for action in plan.actions(stateful_set, members, seen.update["metadata"]["name"], self._now()):
                if isinstance(action, Create):
                    self._create(api, stateful_set, action.ordinal, seen.current if action.current else seen.update)
                else:
                    self._delete(api, stateful_set, action.pod)
        finally:
            new = status(stateful_set, seen, list(members.by_ordinal().values()), self._now())
            api.set_status("StatefulSet", name, namespace, stateful_set["metadata"]["uid"], new)
        revisions.truncate(api, stateful_set, seen, list(members.by_ordinal().values()))

    def _create(self, api: Api, stateful_set: Json, ordinal: int, revision: Json) -> None:
        """The pod, after the claims that it needs; not while such a claim still goes with an earlier pod."""
        namespace = stateful_set["metadata"]["namespace"]
        there = _claims_there(api, namespace)
        pod = identity.pod(stateful_set, revisions.template(revision), revision["metadata"]["name"], ordinal)
        name = pod["metadata"]["name"]
        try:
            for claim in identity.claims(stateful_set, ordinal).values():
                found = there.get(claim["metadata"]["name"])
                if found is None:
                    self._create_claim(api, stateful_set, claim, name)
                elif any(owner["kind"] == "Pod" for owner in owners.of(found)):
                    return
            api.create(pod, namespace)
        except ApiError as error:
            if error.reason != "AlreadyExists":
                self._tell(api, stateful_set, "create", name, error)
            raise
        self._tell(api, stateful_set, "create", name)

    def _create_claim(self, api: Api, stateful_set: Json, claim: Json, pod: str) -> None:
        name = claim["metadata"]["name"]
        api.create(claim, claim["metadata"]["namespace"])
        message = f"create Claim {name} Pod {pod} in StatefulSet {stateful_set['metadata']['name']} success"
        self._events.tell(api, identity.about(stateful_set), "SuccessfulCreate", message)

    def _keep_claims(self, api: Api, stateful_set: Json, members: Members) -> None:
        """Claims of the pods that there are: made again for one that waits, and owned by whom they go with."""
        there = _claims_there(api, stateful_set["metadata"]["namespace"])
        for ordinal, pod in members.by_ordinal().items():
            condemned = ordinal in members.condemned
            wanted = identity.claim_owners(stateful_set, pod if condemned else None)
            ours = {pod["metadata"]["uid"], stateful_set["metadata"]["uid"]}
            for claim in identity.claims(stateful_set, ordinal).values():
                found = there.get(claim["metadata"]["name"])
                if found is None:
                    if pod["status"].get("phase") == "Pending" and not condemned:
                        self._create_claim(api, stateful_set, claim, pod["metadata"]["name"])
                    continue
                references = [*(one for one in owners.of(found) if one["uid"] not in ours), *wanted]
                if references != owners.of(found):
                    owners.replaced(api, CLAIM, found, references)

    def _delete(self, api: Api, stateful_set: Json, pod: Json) -> None:
        name, namespace, uid = (pod["metadata"][field] for field in ("name", "namespace", "uid"))
        try:
            api.delete("Pod", name, namespace, {"preconditions": {"uid": uid}})
        except ApiError as error:
            self._tell(api, stateful_set, "delete", name, error)
            raise
        self._tell(api, stateful_set, "delete", name)

    def _tell(self, api: Api, stateful_set: Json, verb: str, pod: str, error: ApiError | None = None) -> None:
        result = "successful" if error is None else f"failed error: {error.message}"
        message = f"{verb} Pod {pod} in StatefulSet {stateful_set['metadata']['name']} {result}"
        reason = f"{'Successful' if error is None else 'Failed'}{verb.title()}"
        self._events.tell(api, identity.about(stateful_set), reason, message, warning=error is not None)


def status(stateful_set: Json, seen: Revisions, members: list[Json], now: datetime) -> Json:
    """The whole status, of the pods as they were seen. Counts of zero are left out where a real one does."""
    min_ready = timedelta(seconds=stateful_set["spec"].get("minReadySeconds", 0))
    current, update = seen.current["metadata"]["name"], seen.update["metadata"]["name"]
    living = [pods.revision(pod) for pod in members if not pods.is_terminating(pod)]
    ready = sum(pods.is_ready(pod) for pod in members)
    updated = living.count(update)
    done = updated == ready == len(members) == stateful_set["spec"].get("replicas", 1)
    if done and stateful_set["spec"].get("updateStrategy", {}).get("type") != "OnDelete":
        current = update
    counts = {"readyReplicas": ready, "currentReplicas": living.count(current), "updatedReplicas": updated}
    return {
        "observedGeneration": stateful_set["metadata"]["generation"],
        "replicas": len(members),
        **{name: count for name, count in counts.items() if count},
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": seen.collision_count,
        "availableReplicas": sum(pods.is_available(pod, min_ready, now) for pod in members),
    }


def _claims_there(api: Api, namespace: str) -> dict[str, Json]:
    return {claim["metadata"]["name"]: claim for claim in api.list(CLAIM, namespace)["items"]}
