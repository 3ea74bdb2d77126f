"""The node's bridge and address, the pods' way out, and the removal of every rule that was made."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

from e2e.clusters.host.commands import path_variable, run
from e2e.clusters.host.settings import (
    BRIDGE,
    NODE_ADDRESS,
    POD_GATEWAY_MAC,
    POD_NETWORK,
    POD_RANGE_START,
    REGISTRY_PORT,
)

REMEDY = "this needs root and a kernel with bridges, veth and netfilter; `scripts/cluster host down` clears up"
PLUGINS = "/usr/lib/cni"
# kube-proxy's chains and our own.
CHAIN_PREFIXES = ("KUBE-", "BOOTMON-")
# The registry has no password: it answers this machine and its pods, not the network.
RULES = f"""*filter
:BOOTMON-INPUT - [0:0]
-A BOOTMON-INPUT -i lo -j RETURN
-A BOOTMON-INPUT -i {BRIDGE} -j RETURN
-A BOOTMON-INPUT -j DROP
-I INPUT -p tcp --dport {REGISTRY_PORT} -j BOOTMON-INPUT
:BOOTMON-FORWARD - [0:0]
-A BOOTMON-FORWARD -i {BRIDGE} -j ACCEPT
-A BOOTMON-FORWARD -o {BRIDGE} -j ACCEPT
-A FORWARD -j BOOTMON-FORWARD
COMMIT
*nat
:BOOTMON-POSTROUTING - [0:0]
-A BOOTMON-POSTROUTING -s {POD_NETWORK} ! -d {POD_NETWORK} -j MASQUERADE
-A POSTROUTING -j BOOTMON-POSTROUTING
COMMIT
"""


def create() -> None:
    # A fixed hardware address: a bridge takes one of its ports' otherwise, and pods would lose their gateway.
    run(["ip", "link", "add", BRIDGE, "address", POD_GATEWAY_MAC, "type", "bridge"], remedy=REMEDY)
    prefix = POD_NETWORK.partition("/")[2]
    run(["ip", "address", "add", f"{NODE_ADDRESS}/{prefix}", "dev", BRIDGE], remedy=REMEDY)
    run(["ip", "link", "set", BRIDGE, "up"], remedy=REMEDY)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="utf-8")
    # Answers of a service's pod to a pod on the same bridge pass the address translation only with this.
    bridged = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
    if not bridged.exists():
        run(["modprobe", "br_netfilter"], remedy=REMEDY)
    bridged.write_text("1", encoding="utf-8")
    run(["iptables-restore", "--noflush"], stdin=RULES, remedy=REMEDY)


def exists() -> bool:
    return Path("/sys/class/net", BRIDGE).exists()


def remove() -> None:
    if exists():
        run(["ip", "link", "delete", BRIDGE], remedy=REMEDY)
    for family in ("iptables", "ip6tables"):
        if shutil.which(f"{family}-save", path=path_variable()) is None:
            continue
        if undo := removal(run([f"{family}-save"], remedy=REMEDY)):
            run([f"{family}-restore", "--noflush"], stdin=undo, remedy=REMEDY)


def removal(saved: str) -> str:
    """What iptables-restore needs to take the cluster's chains, and the jumps to them, out of `saved`."""
    tables = []
    for text in saved.split("\nCOMMIT"):
        lines = text.splitlines()
        table = next((line for line in lines if line.startswith("*")), "")
        chains = [line[1:].split()[0] for line in lines if line.startswith(":") and _ours(line[1:])]
        jumps = [line for line in lines if line.startswith("-A ") and not _ours(line[3:]) and _target_is_ours(line)]
        if chains or jumps:
            tables += [table]
            # Declared again, a chain is emptied: nothing refers to another any more when they are deleted.
            tables += [f":{chain} - [0:0]" for chain in chains]
            tables += [f"-D {jump[3:]}" for jump in jumps]
            tables += [f"-X {chain}" for chain in chains]
            tables += ["COMMIT", ""]
    return "\n".join(tables)


def _ours(chain: str) -> bool:
    return chain.startswith(CHAIN_PREFIXES)


def _target_is_ours(rule: str) -> bool:
    words = rule.split()
    return any(word in {"-j", "-g"} and _ours(target) for word, target in pairwise(words))


def plugin_configuration(leases: Path) -> dict[str, object]:
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(leases),
            "ranges": [[{"subnet": POD_NETWORK, "rangeStart": POD_RANGE_START, "gateway": NODE_ADDRESS}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    return {"cniVersion": "0.4.0", "name": "bootstrap-monitor", "plugins": [bridge]}
