"""What the scripted node answers, from what it was told: the shapes of avalanchego's health, metrics and info APIs."""

import json
import os
import threading
import time
from datetime import UTC, datetime
from typing import Any

PRIMARY_NETWORK = "11111111111111111111111111111111LpoYY"
CHAINS = ("P", "X", "C")

DEFAULTS: dict[str, Any] = {
    "version": {
        "application": "avalanchego/1.14.2",
        "database": "v1.4.5",
        "rpcchainvm": 45,
        "commit": "",
        "go": "1.26.8",
    },
    "nodeID": "NodeID-7Xhw2mDxuDS44j42TCB6U5579esbSt3Lg",
    # Health. `bootstrapping` is the list of subnet ids; `healthy` null: healthy when no check fails.
    "healthy": None,
    "healthyAfterSeconds": 0,
    "bootstrapping": [],
    "checks": {},  # name: {"error": …, "message": …} replaces or adds a check, null removes it
    "availableDiskBytes": None,  # null: what the data directory really has
    # How health is answered: normal, html, empty-503, rubbish-200, hang, close-midbody.
    "healthMode": "normal",
    "metricsMode": "normal",  # the same words
    "delaySeconds": 0,  # before each answer
    "startDelaySeconds": 0,  # before the port opens
    # Progress by chain, and how much is added each second to all of it.
    "heights": {"P": 0, "X": 0, "C": 0},
    "fetched": {"P": 0, "X": 0, "C": 0},
    "accepted": {"P": 0, "X": 0, "C": 0},
    "stateSynced": 0,
    "blocksPerSecond": 0,  # a number for all chains, or one by chain
    "tips": {},  # by chain: where its progress ends
    "keepsProgress": False,  # goes on from where the last node on its data was
    # What it does to its volume and to itself.
    "diskBytes": 0,  # size of a file in the database directory
    "foreignData": "refuse",  # or accept: run on the data of another identity
    "exit": None,  # an exit code: ends now, after the answer
    "exitAfterSeconds": None,
    "exitOnStarts": 0,  # ends at once on the first so many starts on its data
    "exitCode": 1,
    "ignoreSigterm": False,
}


def merge(into: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Merges nested objects; whatever else is there is replaced."""
    merged = dict(into)
    for key, value in change.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


class Script:
    """What the node was told so far: defaults, the image's environment, the pod's, then /control."""

    def __init__(self, data_dir: str) -> None:
        self.data_dir = data_dir
        self.born = time.monotonic()
        self.lived = 0.0
        """Seconds, of the nodes before on the same data."""
        self.failing: dict[str, tuple[int, str]] = {}
        self._lock = threading.Lock()
        self._told = DEFAULTS
        for variable in ("SCRIPTED_NODE_IMAGE", "SCRIPTED_NODE"):
            self.tell(json.loads(os.environ.get(variable) or "{}"))
        partial = os.environ.get("AVAGO_PARTIAL_SYNC_PRIMARY_NETWORK", "").lower()
        self.chains = CHAINS[:1] if partial in ("true", "1") else CHAINS

    def tell(self, change: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(change) - set(DEFAULTS))
        if unknown:
            raise ValueError(f"unknown keys {unknown}; known are {sorted(DEFAULTS)}")
        with self._lock:
            self._told = merge(self._told, change)
            return self._told

    def __getitem__(self, key: str) -> Any:
        return self._told[key]

    def age(self) -> float:
        return self.lived + time.monotonic() - self.born

    def bootstrapping(self) -> list[str]:
        listed: list[str] = self["bootstrapping"]
        return listed or ([PRIMARY_NETWORK] if self.age() < self["healthyAfterSeconds"] else [])

    def progress(self, counter: str, chain: str) -> int:
        rate = self["blocksPerSecond"]
        blocks = self[counter].get(chain, 0) + self.age() * (rate.get(chain, 0) if isinstance(rate, dict) else rate)
        return int(min(blocks, self["tips"].get(chain, blocks)))

    def free_disk(self) -> tuple[int, int]:
        """Bytes, and per cent of the whole."""
        disk = os.statvfs(self.data_dir)
        told = self["availableDiskBytes"]
        free = disk.f_bavail * disk.f_frsize if told is None else told
        return free, 100 * free // max(1, disk.f_blocks * disk.f_frsize)


def _check(script: Script, name: str, message: Any, error: str | None) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    check = {"message": message, "error": error, "timestamp": now, "duration": 41250}
    if error is None:
        script.failing.pop(name, None)
    else:
        count, since = script.failing.get(name, (0, now))
        script.failing[name] = (count + 1, since)
        check |= {"contiguousFailures": count + 1, "timeOfFirstFailure": since}
    return {key: value for key, value in check.items() if value is not None}


def health(script: Script, *, readiness: bool = False) -> tuple[int, dict[str, Any]]:
    """The status and the body of /ext/health."""
    bootstrapping = script.bootstrapping()
    checks: dict[str, tuple[Any, str | None]] = {
        "bootstrapped": (bootstrapping, "subnets not bootstrapped" if bootstrapping else None)
    }
    if not readiness:
        free, percent = script.free_disk()
        low = f"remaining available disk space percentage ({percent}%) is below warning threshold (10%)"
        told_disk = script["availableDiskBytes"] is not None and percent < 10
        checks["diskspace"] = (
            {"availableDiskBytes": free, "availableDiskPercentage": percent},
            low if told_disk else None,
        )
        checks["database"] = (None, None)
        checks["router"] = ({"longestRunningRequest": "0s", "outstandingRequests": 0}, None)
        for chain in script.chains:
            consensus = {
                "avgAcceptanceTime": "0s",
                "lastAcceptedHeight": script.progress("heights", chain),
                "lastAcceptedID": PRIMARY_NETWORK,
                "longestProcessingBlock": "0s",
                "processingBlocks": 0,
            }
            engine = {"consensus": {} if bootstrapping else consensus, "vm": None}
            networking = {"disconnectedValidators": [], "percentConnected": 1}
            checks[chain] = ({"engine": engine, "networking": networking}, None)
        told_sick = script["healthy"] is False and not bootstrapping
        sick = "network layer is unhealthy reason: not connected to a minimum of 1 peer(s)"
        checks["network"] = ({"connectedPeers": 0 if told_sick else 5, "sendFailRate": 0}, sick if told_sick else None)
        for name, told in script["checks"].items():
            checks[name] = ((told or {}).get("message"), (told or {}).get("error"))
            if told is None:
                del checks[name]
    healthy = all(error is None for _, error in checks.values())
    if script["healthy"] is not None and not readiness:
        healthy = script["healthy"]
    body = {name: _check(script, name, *check) for name, check in sorted(checks.items())}
    return 200 if healthy else 503, {"checks": body, "healthy": healthy}


def metrics(script: Script) -> str:
    """Prometheus text, with the names of avalanchego v1.14.2."""
    samples: list[tuple[str, str, int]] = []
    for chain in script.chains:
        samples += [
            ("avalanche_snowman_bs_fetched", chain, script.progress("fetched", chain)),
            ("avalanche_snowman_bs_accepted", chain, script.progress("accepted", chain)),
            ("avalanche_snowman_last_accepted_height", chain, script.progress("heights", chain)),
        ]
    if "X" in script.chains:
        counters = ("accepted_txs", "accepted_vts", "fetched_txs", "fetched_vts")
        samples += [(f"avalanche_avalanche_bs_{counter}", "X", 0) for counter in counters]
    if "C" in script.chains:
        samples.append(("avalanche_evm_eth_sync_state_trie_leaves_received", "C", script["stateSynced"]))
    lines = []
    for name, chain, value in sorted(samples):
        header = f"# TYPE {name} {'gauge' if name.endswith('height') else 'counter'}"
        lines += [] if header in lines else [header]
        lines.append(f'{name}{{chain="{chain}"}} {value}')
    return "\n".join(lines) + "\n"


def info(script: Script, request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a JSON-RPC request to /ext/info."""
    version: dict[str, Any] = script["version"]
    parameters = request.get("params") or {}
    if isinstance(parameters, list):
        parameters = parameters[0] if parameters else {}
    chain = parameters.get("chain")
    answers: dict[str, Any] = {
        "info.isBootstrapped": {"isBootstrapped": chain in script.chains and not script.bootstrapping()},
        "info.getNodeID": {"nodeID": script["nodeID"]},
        "info.getNodeVersion": {
            "version": version["application"],
            "databaseVersion": version["database"],
            "rpcProtocolVersion": str(version["rpcchainvm"]),
            "gitCommit": version["commit"],
            "vmVersions": {},
        },
        "info.peers": {"numPeers": "0", "peers": []},
    }
    method = request.get("method")
    result: dict[str, Any] = {"jsonrpc": "2.0", "id": request.get("id")}
    if method not in answers:
        return result | {"error": {"code": -32000, "message": f"rpc: can't find method {method}", "data": None}}
    if method == "info.isBootstrapped" and chain not in CHAINS:
        message = f"there is no chain with alias/ID '{chain}'" if chain else "argument 'chain' not given"
        return result | {"error": {"code": -32000, "message": message, "data": None}}
    return result | {"result": answers[method]}
