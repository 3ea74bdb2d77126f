"""What an archive has to be: of this test, with this hash, of this size."""

from __future__ import annotations

import pytest

from bootstrap_monitor.core.restore import expected
from bootstrap_monitor.core.restore.identity import Identity
from bootstrap_monitor.core.restore.metadata import Metadata
from bootstrap_monitor.core.restore.request import Request
from bootstrap_monitor.core.restore.source_name import parse
from bootstrap_monitor.core.test_config import SyncMode, TestConfig
from bootstrap_monitor.errors import ConfigurationError, ExitCode

REQUEST = Request(parse("/archives/fuji.tar"))
ONE, OTHER = "ab" * 32, "cd" * 32
NETWORKS = (
    ("mainnet", "Mainnet", " mainnet ", "1", "network-1"),
    ("fuji", "FUJI", "testnet", "5", "network-5"),
    ("local", "12345", "network-12345"),
    ("network-1337", "1337", "Network-1337"),
)
SAME_NETWORK = [(one, other) for spellings in NETWORKS for one in spellings for other in spellings]
OTHER_NETWORK = [(one, other) for mine in NETWORKS for theirs in NETWORKS if mine is not theirs
                 for one in mine[:2] for other in theirs[:2]]  # fmt: skip


def config(network: str = "fuji", mode: SyncMode = SyncMode.FULL_SYNC) -> TestConfig:
    return TestConfig(network, mode, "", "image", None)


def refused(metadata: Metadata, test: TestConfig) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        expected.check_test(metadata, test, "archive")
    return caught.value


@pytest.mark.parametrize(("theirs", "ours"), SAME_NETWORK)
def test_one_network_in_all_spellings(theirs: str, ours: str) -> None:
    expected.check_test(Metadata(network=theirs), config(ours), "archive")


@pytest.mark.parametrize(("theirs", "ours"), OTHER_NETWORK)
def test_another_network(theirs: str, ours: str) -> None:
    error = refused(Metadata(network=theirs), config(ours))
    assert (error.reason, error.exit_code) == ("ArchiveOfAnotherTest", ExitCode.CONFIGURATION)
    assert error.what == f"archive is of the network `{theirs}`, the test's is `{ours}`"


MODES = {
    "full-sync": SyncMode.FULL_SYNC,
    "c-chain-state-sync": SyncMode.C_CHAIN_STATE_SYNC,
    "only-p-chain-full-sync": SyncMode.ONLY_P_CHAIN_FULL_SYNC,
    "p-chain-full-sync-only": SyncMode.ONLY_P_CHAIN_FULL_SYNC,
    "of a later release": None,
}


@pytest.mark.parametrize("ours", SyncMode)
@pytest.mark.parametrize(("theirs", "mode"), MODES.items())
def test_sync_mode(theirs: str, mode: SyncMode | None, ours: SyncMode) -> None:
    metadata = Metadata(network="5", sync_mode=theirs)
    if mode is ours:
        expected.check_test(metadata, config(mode=ours), "archive")
    else:
        assert f"of the sync mode `{theirs}`, the test's is `{ours}`" in refused(metadata, config(mode=ours)).what


@pytest.mark.parametrize(
    ("metadata", "test"),
    [(None, config()), (Metadata(), config()), (Metadata(network="mainnet", sync_mode="full-sync"), None)],
    ids=["no metadata", "metadata that do not tell", "no test"],
)
def test_what_is_not_said_fits(metadata: Metadata | None, test: TestConfig | None) -> None:
    expected.check_test(metadata, test, "archive")


HASHES = {
    "nobody's": (None, None, None),
    "no metadata's": (ONE, None, ONE),
    "the metadata's": (None, ONE, ONE),
    "both the same": (ONE, ONE, ONE),
}


@pytest.mark.parametrize(("option", "told", "wanted"), HASHES.values(), ids=HASHES.keys())
def test_hash(option: str | None, told: str | None, wanted: str | None) -> None:
    request = Request(REQUEST.source, sha256=option)
    assert expected.sha256(request, Metadata(sha256=told), "archive") == wanted
    if told is None:
        assert expected.sha256(request, None, "archive") == wanted


def test_hashes_that_contradict_each_other() -> None:
    with pytest.raises(ConfigurationError, match=f"{OTHER} by its metadata, {ONE} by the option") as caught:
        expected.sha256(Request(REQUEST.source, sha256=ONE), Metadata(sha256=OTHER), "archive")
    assert caught.value.reason == "MetadataMismatch"


@pytest.mark.parametrize(("told", "found"), [(None, 5), (5, None), (None, None), (5, 5), (0, 0)])
def test_a_size_that_fits(told: int | None, found: int | None) -> None:
    expected.check_size(Metadata(size=told), Identity(found), "archive")
    expected.check_size(None, Identity(found), "archive")


@pytest.mark.parametrize(("told", "found"), [(5, 6), (0, 6), (5, 0)])
def test_another_size(told: int, found: int) -> None:
    with pytest.raises(ConfigurationError, match=f"archive has {found} bytes, by its metadata {told}") as caught:
        expected.check_size(Metadata(size=told), Identity(found), "archive")
    assert caught.value.reason == "MetadataMismatch"


def test_what_is_missing_of_room_is_told_for_people() -> None:
    error = expected.does_not_fit("archive", 3 << 30, 5 << 30)
    assert error.reason == "ArchiveTooLarge"
    assert "archive: it does not fit: 3.0G more is needed on the volume, beside the reserve of 5.0G" in error.what
