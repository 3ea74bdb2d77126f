"""What a client may ask of the API server, without HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Protocol

from e2e.clusters.local.api import creating, deleting, ownership, patches, watching
from e2e.clusters.local.api.errors import Refusals, bad_request
from e2e.clusters.local.api.objects import KINDS, Json, Kind, copied
from e2e.clusters.local.api.ownership import Owner
from e2e.clusters.local.api.selectors import selector
from e2e.clusters.local.api.store import Store
from e2e.clusters.local.api.updating import check_same, is_done, updated


class PodLogs(Protocol):
    """Container logs, as the kubelet has them. Both may raise :class:`ApiError` 400."""

    def read(
        self,
        pod: Json,
        container: str,
        *,
        previous: bool,
        tail_lines: int | None,
        limit_bytes: int | None,
        timestamps: bool = False,
    ) -> bytes:
        """What is there."""
        ...

    def follow(self, pod: Json, container: str, *, tail_lines: int | None, timestamps: bool = False) -> Iterator[bytes]:
        """Until the container has ended; an empty piece now and then while nothing comes."""
        ...


class Api:
    """Thread-safe. Takes and gives copies; each method may raise :class:`ApiError`.

    ``namespace`` is empty for kinds without one, and for all namespaces in lists and watches.
    """

    def __init__(self, *, logs: PodLogs, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.logs = logs
        self.now = now
        self._store = Store()
        self.create({"kind": "Namespace", "metadata": {"name": "default"}})

    def create(self, body: Json, namespace: str = "", *, manager: str = "", dry_run: bool = False) -> Json:
        """404 and 403 for a namespace that is absent or ends; 409 for a name in use; 422 for what cannot be."""
        new = creating.complete(_kind(body.get("kind")), body, namespace, self.now())
        if manager:
            ownership.note_update({}, new, Owner(manager, "Update"), self.now())
        return self._add(new, dry_run=dry_run)

    def _add(self, new: Json, *, dry_run: bool) -> Json:
        kind = KINDS[new["kind"]]
        name, namespace = new["metadata"]["name"], new["metadata"].get("namespace", "")
        refusals = Refusals(kind, name)
        with self._store.changed:
            if kind.namespaced:
                creating.check_namespace(self._store.get("Namespace", "", namespace), namespace, refusals)
            there = self._store.get(kind.name, namespace, name)
            if there is not None:
                raise refusals.already_exists(terminating="deletionTimestamp" in there["metadata"])
            return copied(new if dry_run else self._store.put(new))

    def get(self, kind: str, name: str, namespace: str = "") -> Json:
        """404 when there is none."""
        return copied(self._found(kind, name, namespace))

    def list(self, kind: str, namespace: str = "", *, labels: str = "", fields: str = "") -> Json:
        """A `PodList` and so on, with the resourceVersion to watch from."""
        matches = selector(kind, labels, fields)
        with self._store.changed:
            items = [copied(body) for body in self._store.all(_kind(kind).name, namespace) if matches(body)]
            metadata = {"resourceVersion": str(self._store.version)}
        return {"kind": f"{kind}List", "apiVersion": KINDS[kind].group_version, "metadata": metadata, "items": items}

    def patch(
        self,
        kind: str,
        name: str,
        body: Any,
        content_type: str,
        namespace: str = "",
        *,
        subresource: str = "",
        manager: str = "",
        force: bool = False,
        dry_run: bool = False,
    ) -> Json:
        """The object after it. A stale resourceVersion in it is 409, another uid 422.

        An apply needs a manager, makes the object when there is none, and is 409 against other managers' fields.
        """
        with self._store.changed:
            if content_type == patches.APPLY:
                return self._apply(kind, name, body, namespace, manager=manager, force=force, dry_run=dry_run)
            old = self._found(kind, name, namespace)
            new = patches.patched(old, body, content_type, Refusals(KINDS[kind], name))
            return self._update(old, new, subresource, Owner(manager, "Update", subresource), dry_run=dry_run)

    def replace(
        self, body: Json, namespace: str = "", *, subresource: str = "", manager: str = "", dry_run: bool = False
    ) -> Json:
        """PUT. 409 when its resourceVersion is not the last. `finalize` without finalizers ends a namespace."""
        metadata = body["metadata"]
        with self._store.changed:
            old = self._found(body["kind"], metadata["name"], namespace or metadata.get("namespace", ""))
            check_same(old, body, Refusals(KINDS[old["kind"]], metadata["name"]))
            return self._update(old, body, subresource, Owner(manager, "Update", subresource), dry_run=dry_run)

    def set_status(self, kind: str, name: str, namespace: str, uid: str, status: Json) -> Json | None:
        """The whole status of that object; ``None`` when it is gone, or another has its name."""
        with self._store.changed:
            old = self._store.get(kind, namespace, name)
            if old is None or old["metadata"]["uid"] != uid:
                return None
            return self._update(old, {**old, "status": status}, "status", None)

    def delete(self, kind: str, name: str, namespace: str = "", options: Json | None = None) -> Json:
        """The object while it stays, and a pod always; else a `Status`. 409 when a precondition is not met.

        A pod on a node stays, with `deletionTimestamp` at the end of its grace, until it is deleted with grace 0.
        """
        options = options or {}
        with self._store.changed:
            old = self._found(kind, name, namespace)
            deleting.check_preconditions(old, options, Refusals(KINDS[kind], name))
            new = deleting.terminating(old, options, self.now())
            if not options.get("dryRun"):
                if options.get("propagationPolicy") == "Orphan" or options.get("orphanDependents"):
                    self._orphan(old)
                self._store_changed(old, new)
        if kind == "Pod" or not is_done(new):
            return copied(new)
        details = {"name": name, "group": KINDS[kind].group, "kind": KINDS[kind].plural, "uid": old["metadata"]["uid"]}
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}

    def watch(
        self,
        kind: str,
        namespace: str,
        after: str,
        timeout_seconds: float,
        *,
        labels: str = "",
        fields: str = "",
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Json]:
        """`{"type", "object"}` until the time-out, or until it finds itself stopped.

        Without ``after`` it begins with an ADDED for each object; a version that is forgotten is an ERROR with 410.
        """
        matches = selector(_kind(kind).name, labels, fields)
        return watching.events(self._store, kind, namespace, after, timeout_seconds, matches, stopped)

    def version(self) -> int:
        """Of the last change of any object."""
        return self._store.version

    def wait_for_change(self, after: int, timeout_seconds: float) -> int:
        """The version, above ``after`` or at the time-out; earlier when woken."""
        return self._store.wait(after, timeout_seconds)

    def wake(self) -> None:
        """Whoever waits looks at once whether it is to stop."""
        self._store.wake()

    def _found(self, kind: str, name: str, namespace: str) -> Json:
        body = self._store.get(_kind(kind).name, namespace, name)
        if body is None:
            raise Refusals(KINDS[kind], name).not_found()
        return body

    def _apply(
        self, kind: str, name: str, body: Any, namespace: str, *, manager: str, force: bool, dry_run: bool
    ) -> Json:
        given = creating.given(KINDS[kind], body, name, namespace)
        if not manager:
            cause = ("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")
            raise Refusals(Kind("PatchOptions", "", "meta.k8s.io/v1"), "").invalid([cause])
        old = self._store.get(kind, namespace, name)
        if old is None:
            new = creating.complete(KINDS[kind], given, namespace, self.now())
            ownership.note_applied(new, given, manager, self.now())
            return self._add(new, dry_run=dry_run)
        new = ownership.applied(old, given, manager, force=force, now=self.now())
        return self._update(old, new, "", None, dry_run=dry_run)

    def _update(self, old: Json, new: Json, subresource: str, owner: Owner | None, *, dry_run: bool = False) -> Json:
        result = updated(old, new, subresource, Refusals(KINDS[old["kind"]], old["metadata"]["name"]))
        if result is not None and owner is not None:
            ownership.note_update(old, result, owner, self.now())
        if result is not None and not dry_run:
            self._store_changed(old, result)
        return copied(result or old)

    def _store_changed(self, old: Json, new: Json) -> None:
        if is_done(new):
            self._store.remove(new)
        elif new is not old:
            self._store.put(new)

    def _orphan(self, owner: Json) -> None:
        for kind in KINDS:
            for body in self._store.all(kind, owner["metadata"].get("namespace", "")):
                left = deleting.without_owner(body, owner["metadata"]["uid"])
                if left is not None:
                    self._store.put(left)


def _kind(name: Any) -> Kind:
    if name not in KINDS:
        raise bad_request(f'no kind "{name}" is registered')
    return KINDS[name]
