"""Hypothesis profiles: short by default, long with INTERLOCK_PROFILE=long."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("ci", max_examples=60, deadline=None, suppress_health_check=_slow)
settings.register_profile("long", max_examples=3000, deadline=None, suppress_health_check=_slow)
settings.load_profile(os.environ.get("INTERLOCK_PROFILE", "ci"))
