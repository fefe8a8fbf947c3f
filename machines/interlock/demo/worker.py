"""The worker process of `interlock demo --kill`: runs the demo, reports on its output."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import sys

from interlock.demo.runner import SEED, run_demo
from interlock.demo.summary import Progress, Summary
from interlock.store.errors import InterlockError


def main() -> int:
    """Run the demo that the arguments name; one line of JSON for each report."""
    parser = argparse.ArgumentParser(prog="interlock.demo.worker")
    parser.add_argument("store")
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--latency", type=float, default=None)
    chosen = parser.parse_args()
    demo = run_demo(
        chosen.store, scale=chosen.scale, limit=chosen.limit, seed=chosen.seed,
        latency=chosen.latency, progress=_report,
    )  # fmt: skip
    try:
        summary = asyncio.run(demo)
    except InterlockError as error:
        print(error, file=sys.stderr)
        return 1
    _write("summary", summary)
    return 0


def _report(progress: Progress) -> None:
    _write("progress", progress)


def _write(kind: str, report: Progress | Summary) -> None:
    print(json.dumps({kind: dataclasses.asdict(report)}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
