"""What a bootstrap test tests: network, sync mode, chain configuration and image of the node's container."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from bootstrap_monitor.core import chain_config, names, node_settings, pod, versions
from bootstrap_monitor.core import container as containers
from bootstrap_monitor.core.chain_config import ChainConfig
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.node_settings import Setting
from bootstrap_monitor.errors import ConfigurationError

NETWORK_NAME = "AVAGO_NETWORK_NAME"
"""What older manifests set; nodes of today read ``AVAGO_NETWORK_ID`` only."""


class SyncMode(StrEnum):
    """How the node gets to the tip."""

    FULL_SYNC = "full-sync"
    """P, X and C, every block executed."""
    C_CHAIN_STATE_SYNC = "c-chain-state-sync"
    """P and X in full, the C-Chain's state from peers: the node's default."""
    ONLY_P_CHAIN_FULL_SYNC = "only-p-chain-full-sync"
    """P alone (partial sync of the primary network)."""

    @classmethod
    def _missing_(cls, value: object) -> SyncMode | None:
        """The other name that is in use for the third mode."""
        return cls.ONLY_P_CHAIN_FULL_SYNC if value == "p-chain-full-sync-only" else None


@dataclass(frozen=True, slots=True)
class TestConfig:
    """The configuration of one test, as the pod gives it."""

    __test__: ClassVar[bool] = False  # not a test case, whatever pytest thinks of the name

    network: str
    """As it is spelled: ``mainnet``, ``fuji``, ``network-1``, ``1``."""
    sync_mode: SyncMode
    chain_config: str
    """In canonical form; empty when none is given, or it cannot be read."""
    image: str
    """The container's image, verbatim."""
    versions: str | None
    """The versions annotation, verbatim; None when there is none, or no JSON object in it."""
    warnings: tuple[str, ...] = ()
    """Sentences for the log: what was taken although it looks wrong, or could not be read."""


def derive(own_pod: JsonObject, container_name: str) -> TestConfig:
    """The configuration of the node in the container ``container_name`` of a pod (or of a pod template).

    Arguments of the node win over its variables, as they do in the node.

    :raises ConfigurationError: there is no such container, the network is not given or cannot be read, or the
        value of a variable or argument (which the error names) is bad.
    """
    container = pod.required_container(own_pod, container_name)
    warnings: list[str] = []
    network = _network(container, warnings)
    chains = _chain_config(container, warnings)
    annotation = pod.annotation(own_pod, names.VERSIONS_ANNOTATION) or None
    if annotation and versions.versions_of(annotation) is None:
        warnings.append(f"The annotation {names.VERSIONS_ANNOTATION} holds no JSON object: ignored.")
        annotation = None
    return TestConfig(
        network=network,
        sync_mode=_sync_mode(container, chains, warnings),
        chain_config=chains.canonical,
        image=container["image"],
        versions=annotation,
        warnings=tuple(warnings),
    )


def _network(container: JsonObject, warnings: list[str]) -> str:
    by_id = node_settings.setting(container, "network-id")
    by_name = node_settings.variable(containers.environment(container), NETWORK_NAME)
    if by_id.unreadable or by_id.perhaps_in_env_from:
        raise _network_unreadable(by_id)
    if by_id.text and by_name.text and by_id.text != by_name.text:
        raise ConfigurationError(
            f"{by_id.name} is {by_id.text!r} and {NETWORK_NAME} is {by_name.text!r}",
            reason="NetworkContradicts",
            check=f"The node reads {by_id.name} only.",
            do=f"Remove {NETWORK_NAME}, or give both the same value.",
        )
    if by_id.text:
        return by_id.text
    if by_name.unreadable:
        raise _network_unreadable(by_name)
    if by_name.text:
        warnings.append(
            f"The network is given by {NETWORK_NAME}, which today's node does not read: it takes mainnet. "
            f"Rename it to {by_id.name}."
        )
        return by_name.text
    raise ConfigurationError(
        f"the node's container has no {by_id.name}",
        reason="NetworkMissing",
        check="The variables of the node's container.",
        do=f"Set {by_id.name} to the network, as in 'mainnet' or 'fuji'.",
    )


def _network_unreadable(network: Setting) -> ConfigurationError:
    return ConfigurationError(
        f"{network.name} has no literal value in the node's container",
        reason="NetworkUnreadable",
        check="valueFrom and envFrom of the node's container: their values are not in the pod's object.",
        do=f"Give {network.name} a literal value, as in 'mainnet' or 'fuji'.",
    )


def _chain_config(container: JsonObject, warnings: list[str]) -> ChainConfig:
    content = node_settings.setting(container, "chain-config-content")
    if _cannot_be_read(content, warnings) or content.text is None:
        return ChainConfig()
    return chain_config.parse(content.text, content.name)


def _sync_mode(container: JsonObject, chains: ChainConfig, warnings: list[str]) -> SyncMode:
    partial = node_settings.setting(container, "partial-sync-primary-network", boolean=True)
    if not _cannot_be_read(partial, warnings) and partial.text is not None:
        only_p_chain = node_settings.parse_bool(partial.text)
        if only_p_chain is None:
            raise ConfigurationError(
                f"{partial.name} is {partial.text!r}, not a truth value",
                reason="BadPartialSync",
                check="The node knows 1, t, true and 0, f, false (also in capitals).",
                do=f"Set {partial.name} to 'true' or 'false'.",
            )
        if only_p_chain:
            return SyncMode.ONLY_P_CHAIN_FULL_SYNC
    return SyncMode.C_CHAIN_STATE_SYNC if chains.state_sync else SyncMode.FULL_SYNC


def _cannot_be_read(setting: Setting, warnings: list[str]) -> bool:
    if setting.unreadable:
        warnings.append(f"{setting.name} has no literal value and cannot be read: taken as not given.")
    elif setting.perhaps_in_env_from:
        warnings.append(f"{setting.name} may come from envFrom, which cannot be read: taken as not given.")
    return setting.unreadable
