from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.http_server import CERTIFICATE

# A slow or busy machine is no failure.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
# For scripts/test without --thorough.
settings.register_profile("brief", max_examples=25)


@pytest.fixture(scope="session", autouse=True)
def one_certificate() -> Iterator[None]:
    """Trusted alone: reading all those of the machine takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        yield
