"""What the archive has to be: of this test, with this hash, and of a size that fits."""

from __future__ import annotations

from typing import Protocol

from bootstrap_monitor.core.archive.refused import too_large
from bootstrap_monitor.core.human_size import human_size
from bootstrap_monitor.core.restore.identity import Identity
from bootstrap_monitor.core.restore.metadata import Metadata
from bootstrap_monitor.core.restore.request import Request
from bootstrap_monitor.core.test_config import SyncMode, TestConfig
from bootstrap_monitor.errors import ConfigurationError

_NETWORK_IDS = {"mainnet": "1", "fuji": "5", "testnet": "5", "local": "12345"}


class Published(Protocol):
    """What the metadata, or the marker of a restored folder, say."""

    @property
    def network(self) -> str | None:
        """In any spelling."""
        ...

    @property
    def sync_mode(self) -> str | None:
        """In any spelling."""
        ...


def check_test(published: Published | None, config: TestConfig | None, archive: str) -> None:
    """Hold what is said of network and sync mode to the test's; what is not said fits.

    :raises ConfigurationError: ``ArchiveOfAnotherTest``.
    """
    if not published or not config:
        return
    if published.network and _network(published.network) != _network(config.network):
        raise _of_another_test(archive, "network", published.network, config.network)
    if published.sync_mode and _mode(published.sync_mode) != config.sync_mode:
        raise _of_another_test(archive, "sync mode", published.sync_mode, config.sync_mode)


def sha256(request: Request, metadata: Metadata | None, archive: str) -> str | None:
    """The hash that the archive has to have; ``None`` where nobody tells.

    :raises ConfigurationError: option and metadata differ.
    """
    told = metadata.sha256 if metadata else None
    if request.sha256 and told and request.sha256 != told:
        raise _contradiction(f"the sha256 of {archive} is {told} by its metadata, {request.sha256} by the option")
    return request.sha256 or told


def check_size(metadata: Metadata | None, identity: Identity, archive: str) -> None:
    """:raises ConfigurationError: the metadata are of an archive of another size."""
    if metadata and None not in {metadata.size, identity.size} and metadata.size != identity.size:
        raise _contradiction(f"{archive} has {identity.size} bytes, by its metadata {metadata.size}")


def does_not_fit(archive: str, missing_bytes: int, reserve_bytes: int) -> ConfigurationError:
    """The volume has too little room for what the metadata say that the archive takes."""
    return too_large(f"{human_size(missing_bytes)} more", reserve_bytes).of(archive)


def _network(name: str) -> str:
    text = name.strip().lower()
    return _NETWORK_IDS.get(text, text.removeprefix("network-"))


def _mode(name: str) -> SyncMode | str:
    try:
        return SyncMode(name)
    except ValueError:
        return name


def _of_another_test(archive: str, what: str, theirs: str, ours: str) -> ConfigurationError:
    return ConfigurationError(
        f"{archive} is of the {what} `{theirs}`, the test's is `{ours}`",
        reason="ArchiveOfAnotherTest",
        check="the archive's metadata, and the node's configuration",
        do=f"Give an archive of `{ours}`.",
    )


def _contradiction(what: str) -> ConfigurationError:
    return ConfigurationError(
        what,
        reason="MetadataMismatch",
        check="whether archive, metadata and hash were published together",
        do="Give those that belong together.",
    )
