"""A network of avalanchego nodes with some history on its C-Chain: what one tester bootstraps from.

Two nodes: without sybil protection all weigh the same, a bootstrapping node counts itself, and what it accepts as the
chain's end takes more than half. With one other node it takes its own genesis for that, is bootstrapped at once, and
fetches the blocks some time after. One tester, for the same reason: another one would be a second vote for genesis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from e2e.kit import manifests, observe
from e2e.kit.api import Api, Json

NAMES = ("first-node", "second-node")
STAKING_PORT = 9651
BLOCKS = 10
"""Two seconds each; more make no test of ours a better one."""
BLOCK_SECONDS = 60.0
START_SECONDS = 180.0

# Every network made for tests starts with this account's funds; its key is in avalanchego's public genesis.
FUNDED_KEY = "0x56289e99c94b6912bfc12adc093c9b51124f0dc54ac7a766b2bc5ccf558d8027"
CHAIN_ID = 43112
TRANSFER_GAS = 21_000

SETTINGS = {
    "AVAGO_NETWORK_ID": "local",
    # Alone, or two of them, are a network only if nobody counts stakes.
    "AVAGO_SYBIL_PROTECTION_ENABLED": "false",
    "AVAGO_HEALTH_CHECK_FREQUENCY": "500ms",
    # The kubelet's readiness probe, and scenarios, come to the pod's address.
    "AVAGO_HTTP_HOST": "0.0.0.0",
    "AVAGO_NETWORK_MAX_RECONNECT_DELAY": "1s",
}


@dataclass(frozen=True)
class Node:
    """One that is up."""

    address: str
    node_id: str

    def height(self) -> int:
        """Of the C-Chain, as the node tells itself."""
        return c_height(self.address)


@dataclass(frozen=True)
class Network:
    """Nodes that have all the blocks."""

    nodes: tuple[Node, ...]

    @property
    def tester_env(self) -> dict[str, str]:
        """Of a node that bootstraps from these."""
        return {**SETTINGS, **_beacons(*self.nodes)}

    def height(self) -> int:
        """Of the C-Chain."""
        return max(node.height() for node in self.nodes)


def start(api: Api, image: str) -> Network:
    """In the Api's namespace; comes back once all nodes have the blocks that the first makes."""
    first = _start_node(api, NAMES[0], image, {})
    make_blocks(first.address, BLOCKS)
    second = _start_node(api, NAMES[1], image, _beacons(first))
    height = first.height()
    observe.wait_for(lambda: second.height() >= height, f"height {height} on the second node", START_SECONDS)
    return Network((first, second))


def _start_node(api: Api, name: str, image: str, beacons: dict[str, str]) -> Node:
    api.create(_pod(name, image, {**SETTINGS, **beacons}))

    def healthy() -> str | None:
        address = api.get("Pod", name)["status"].get("podIP")
        return address if address and _http("GET", address, "/ext/health").status_code == 200 else None

    address = observe.wait_for(healthy, f"the {name} healthy", START_SECONDS)
    return Node(address, _rpc(address, "/ext/info", "info.getNodeID", {})["nodeID"])


def _beacons(*nodes: Node) -> dict[str, str]:
    """A node begins to bootstrap once it is connected to (three quarters of) these."""
    return {
        "AVAGO_BOOTSTRAP_IPS": ",".join(f"{node.address}:{STAKING_PORT}" for node in nodes),
        "AVAGO_BOOTSTRAP_IDS": ",".join(node.node_id for node in nodes),
    }


def make_blocks(address: str, count: int) -> None:
    """By so many transfers, each of which waits for the block of the one before."""
    from eth_account import Account  # noqa: PLC0415 - a second of processor time, for the one worker that gets here

    account = Account.from_key(FUNDED_KEY)
    nonce = int(_eth(address, "eth_getTransactionCount", account.address, "latest"), 16)
    for number in range(nonce, nonce + count):
        transfer = {
            "nonce": number,
            "to": account.address,
            "value": 1,
            "gas": TRANSFER_GAS,
            "gasPrice": 4 * int(_eth(address, "eth_gasPrice"), 16),
            "chainId": CHAIN_ID,
        }
        raw = account.sign_transaction(transfer).raw_transaction
        sent = _eth(address, "eth_sendRawTransaction", "0x" + raw.hex().removeprefix("0x"))
        what = f"the block of transfer {number}"
        observe.wait_for(lambda: _eth(address, "eth_getTransactionReceipt", sent), what, BLOCK_SECONDS)  # noqa: B023


def c_height(address: str) -> int:
    """Of a node's C-Chain, as it tells itself."""
    return int(_eth(address, "eth_blockNumber"), 16)


def _eth(address: str, method: str, *parameters: Any) -> Any:
    return _rpc(address, "/ext/bc/C/rpc", method, list(parameters))


def _rpc(address: str, path: str, method: str, parameters: Any) -> Any:
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    answer = _http("POST", address, path, json=request)
    if answer.status_code != 200 or "error" in answer.json():
        raise OSError(f"{method}: HTTP {answer.status_code}: {answer.text[:500]}")
    return answer.json()["result"]


def _http(method: str, address: str, path: str, json: Any = None) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=20, verify=False) as client:
        return client.request(method, f"http://{address}:{manifests.HTTP_PORT}{path}", json=json)


def _pod(name: str, image: str, variables: dict[str, str]) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 10,
            "containers": [{"name": name, "image": image, "env": manifests.env(variables)}],
        },
    }
