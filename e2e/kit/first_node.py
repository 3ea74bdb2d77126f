"""A network of one avalanchego node with some history on its C-Chain: what one tester bootstraps from.

One tester: without sybil protection every peer is a validator. Two that begin at the same time meet through the first
node, tell each other that the chain ends at its genesis, and are bootstrapped at height 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from e2e.kit import manifests, observe
from e2e.kit.api import Api, Json

NAME = "first-node"
STAKING_PORT = 9651
BLOCKS = 30
BLOCK_SECONDS = 60.0
START_SECONDS = 180.0

# Every network made for tests starts with this account's funds; its key is in avalanchego's public genesis.
FUNDED_KEY = "0x56289e99c94b6912bfc12adc093c9b51124f0dc54ac7a766b2bc5ccf558d8027"
CHAIN_ID = 43112
TRANSFER_GAS = 21_000

NETWORK = {
    "AVAGO_NETWORK_ID": "local",
    # Alone, or two of them, are a network only if nobody counts stakes.
    "AVAGO_SYBIL_PROTECTION_ENABLED": "false",
    "AVAGO_HEALTH_CHECK_FREQUENCY": "500ms",
    # The kubelet's readiness probe, and scenarios, come to the pod's address.
    "AVAGO_HTTP_HOST": "0.0.0.0",
    "AVAGO_NETWORK_MAX_RECONNECT_DELAY": "1s",
}


@dataclass(frozen=True)
class FirstNode:
    """A node that is up."""

    address: str
    node_id: str

    @property
    def tester_env(self) -> dict[str, str]:
        """Of a node that bootstraps from this one."""
        beacon = f"{self.address}:{STAKING_PORT}"
        return {**NETWORK, "AVAGO_BOOTSTRAP_IPS": beacon, "AVAGO_BOOTSTRAP_IDS": self.node_id}

    def height(self) -> int:
        """Of the C-Chain."""
        return c_height(self.address)


def start(api: Api, image: str) -> FirstNode:
    """In the Api's namespace; comes back once it has its blocks."""
    api.create(_pod(image))

    def running() -> str | None:
        address = api.get("Pod", NAME)["status"].get("podIP")
        return address if address and _http("GET", address, "/ext/health").status_code == 200 else None

    address = observe.wait_for(running, "the first node healthy", START_SECONDS)
    make_blocks(address, BLOCKS)
    return FirstNode(address, _rpc(address, "/ext/info", "info.getNodeID", {})["nodeID"])


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


def _pod(image: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": NAME},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 10,
            "containers": [{"name": NAME, "image": image, "env": manifests.env(NETWORK)}],
        },
    }
