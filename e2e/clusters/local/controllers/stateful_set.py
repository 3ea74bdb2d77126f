"""The StatefulSet controller, as Kubernetes 1.34 has it: numbered pods, each with its own claims."""

from __future__ import annotations

from collections.abc import Callable
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


class StatefulSets:
    """Reconciles all StatefulSets. One whose turn was refused is tried again later, or when its spec changes."""

    def __init__(self, delays: Delays, now: Callable[[], datetime]) -> None:
        self._delays = delays
        self._now = now
        self._events = Recorder("statefulset-controller", now)
        # By uid and generation: how often it was refused in a row, and when it is tried again.
        self._refused: dict[tuple[str, int], tuple[int, datetime]] = {}

    def reconcile(self, api: Api) -> None:
        refused = {}
        for stateful_set in api.list("StatefulSet")["items"]:
            metadata, now = stateful_set["metadata"], self._now()
            key = metadata["uid"], metadata["generation"]
            times, until = self._refused.get(key, (0, now))
            if now < until:
                refused[key] = times, until
            elif "deletionTimestamp" not in metadata:
                try:
                    self._sync(api, stateful_set)
                except ApiError:
                    seconds = min(FIRST_RETRY_SECONDS * 2 ** min(times, 20), LAST_RETRY_SECONDS)
                    refused[key] = times + 1, now + timedelta(seconds=self._delays.seconds(seconds))
        self._refused = refused

    def _sync(self, api: Api, stateful_set: Json) -> None:
        namespace = stateful_set["metadata"]["namespace"]
        seen = revisions.observed(api, stateful_set)
        selected = api.list("Pod", namespace, labels=identity.selector_text(stateful_set))["items"]
        name = stateful_set["metadata"]["name"]
        named = [pod for pod in selected if pods.ordinal(pod, name) is not None]
        members = Members.of(stateful_set, owners.claimed(api, named, stateful_set))
        present = list(members.by_ordinal().values())
        try:
            self._keep_claims(api, stateful_set, members)
            for action in plan.actions(stateful_set, members, seen.update["metadata"]["name"]):
                if isinstance(action, Create):
                    self._create(api, stateful_set, action.ordinal, seen.current if action.current else seen.update)
                else:
                    self._delete(api, stateful_set, action.pod)
        finally:
            new = status(stateful_set, seen, present)
            api.set_status("StatefulSet", name, namespace, stateful_set["metadata"]["uid"], new)
        revisions.truncate(api, stateful_set, seen, present)

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
        self._events.tell(api, stateful_set, "SuccessfulCreate", message)

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
                    owners.replaced(api, found, references)

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
        self._events.tell(api, stateful_set, reason, message, warning=error is not None)


def status(stateful_set: Json, seen: Revisions, members: list[Json]) -> Json:
    """The whole status, of the pods as they were seen. Counts of zero are left out where a real one does."""
    current, update = seen.current["metadata"]["name"], seen.update["metadata"]["name"]
    living = [pods.revision(pod) for pod in members if not pods.is_terminating(pod)]
    ready, updated = sum(pods.is_ready(pod) for pod in members), living.count(update)
    done = updated == ready == len(members) == stateful_set["spec"]["replicas"]
    if done and stateful_set["spec"]["updateStrategy"]["type"] == "RollingUpdate":
        current = update
    counts = {"readyReplicas": ready, "currentReplicas": living.count(current), "updatedReplicas": updated}
    return {
        "observedGeneration": stateful_set["metadata"]["generation"],
        "replicas": len(members),
        **{name: count for name, count in counts.items() if count},
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": seen.collision_count,
        "availableReplicas": ready,
    }


def _claims_there(api: Api, namespace: str) -> dict[str, Json]:
    return {claim["metadata"]["name"]: claim for claim in api.list(CLAIM, namespace)["items"]}
