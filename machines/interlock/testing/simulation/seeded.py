"""All chance from one seed, for as long as a simulation lasts."""

from __future__ import annotations

import os
import random
from collections.abc import Generator
from contextlib import contextmanager
from unittest import mock

from interlock.store import clock


@contextmanager
def seeded(seed: object) -> Generator[None]:
    """Draw ids, jitter, `random` and `os.urandom` (so `uuid4`, too) from a seed, in this process.

    What was drawn from before goes on afterwards as if nothing had happened.
    """
    state = random.getstate()
    draw = random.Random(f"{seed}/ids")
    random.seed(f"{seed}/random")
    try:
        with mock.patch.object(os, "urandom", draw.randbytes), clock.drawn_from(draw):
            yield
    finally:
        random.setstate(state)
