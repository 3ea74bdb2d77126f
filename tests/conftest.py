from __future__ import annotations

from hypothesis import HealthCheck, settings

# A slow or busy machine is no failure.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
# For scripts/test without --thorough.
settings.register_profile("brief", max_examples=25)
