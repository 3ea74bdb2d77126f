from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.service_account import mounted
from tests.support.trees import make, read

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def account(tmp_path: Path) -> Path:
    """A mounted ServiceAccount."""
    return mounted(tmp_path, "first")


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The volume, beside which there is something that is none of its business."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "precious").write_bytes(b"weeks")
    (tmp_path / "volume").mkdir()
    return tmp_path / "volume"


@pytest.fixture
def outside(root: Path) -> Iterator[Path]:
    yield root.parent / "outside"
    assert read(root.parent / "outside") == {"precious": b"weeks"}


@pytest.fixture
def locked() -> Iterator[Path]:
    """A volume with a folder that nobody may change."""
    root = Path(tempfile.mkdtemp())
    make(root, {"db": {"v1": {"1.ldb": b""}}})
    root.chmod(0o755)
    (root / "db" / "v1").chmod(0o555)
    yield root
    (root / "db" / "v1").chmod(0o755)
    shutil.rmtree(root)
