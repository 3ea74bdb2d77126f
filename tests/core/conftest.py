from __future__ import annotations

from hypothesis import HealthCheck, settings

# How fast an example runs says something about the machine's load, not about the code.
settings.register_profile("core", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("core")
