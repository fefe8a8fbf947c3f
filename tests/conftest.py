"""Hypothesis profiles, by INTERLOCK_PROFILE.

`short` (the default by hand) and `long` look for new examples each time; `ci` (the gate's) takes
the same ones for the same code, so that what it says of a commit stays true.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from interlock.machines import registry

ROOT = str(Path(__file__).parents[1])

_slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("short", max_examples=60, deadline=None, suppress_health_check=_slow)
settings.register_profile("ci", settings.get_profile("short"), derandomize=True)
settings.register_profile("long", max_examples=3000, deadline=None, suppress_health_check=_slow)
settings.load_profile(os.environ.get("INTERLOCK_PROFILE", "short"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:  # its signature
    """Forget the machines that a test defines inside itself: another may use their names.

    Those of modules stay: a module that is imported again does not define them again.
    """
    known: dict[str, list[registry.Registered]] = registry.__dict__["_known"]
    present: dict[str, registry.Registered] = registry.__dict__["_present"]
    before, chosen = {name: [*found] for name, found in known.items()}, {**present}
    yield
    present.clear()
    present.update(chosen)
    for name, found in known.items():
        kept = before.get(name, [])
        found[:] = [kind for kind in found if kind in kept or _of_a_module(kind)]


def _of_a_module(kind: registry.Registered) -> bool:
    module = sys.modules.get(kind.__module__)
    if not str(getattr(module, "__file__", "")).startswith(ROOT):  # in a folder of the test's own
        return False
    found: object = module
    for name in str(getattr(kind, "__qualname__", "?")).split("."):
        found = getattr(found, name, None)
    return found is kind
