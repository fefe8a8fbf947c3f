"""Hypothesis profiles, by INTERLOCK_PROFILE.

`short` (the default by hand) and `long` look for new examples each time; `ci` (the gate's) takes
the same ones for the same code, so that what it says of a commit stays true.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("short", max_examples=60, deadline=None, suppress_health_check=_slow)
settings.register_profile("ci", settings.get_profile("short"), derandomize=True)
settings.register_profile("long", max_examples=3000, deadline=None, suppress_health_check=_slow)
settings.load_profile(os.environ.get("INTERLOCK_PROFILE", "short"))
