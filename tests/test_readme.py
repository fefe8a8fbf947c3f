"""The README's code runs, and its commands are the ones that the gate uses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def run(code: str, folder: Path) -> str:
    file = folder / "example.py"
    file.write_text(code)
    roots = [str(ROOT / name) for name in ("machines", "projections", "store")]
    done = subprocess.run(
        [sys.executable, str(file)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(roots)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_example_waits_for_ann_and_is_undone(tmp_path: Path) -> None:
    lines = run(BLOCKS[0], tmp_path).splitlines()
    assert lines[:3] == ["approval:manager", "refunded payment-1001", "compensated"]
    assert lines[-1].startswith("9 RunCompensated compensated")
    assert (tmp_path / "orders.db").is_file()


def test_the_lifecycle_example_refuses_an_empty_basket(tmp_path: Path) -> None:
    code = (
        BLOCKS[1]
        + """
import asyncio
from interlock.engine import Engine
from interlock.machines import Refused

async def main() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(OrderLifecycle, Basket(), id="order-7")
        try:
            await engine.send(run, Place(customer="ann"))
        except Refused as refused:
            print(refused)
        full = await engine.start(OrderLifecycle, Basket(items=("tea",)), id="order-8")
        await engine.send(full, Place(customer="ann"))
        await engine.send(full, Pay(amount=3))
        print(await full.state())

asyncio.run(main())
"""
    )
    refused, paid = run(code, tmp_path).splitlines()
    assert "the basket is empty" in refused
    assert paid == "paid"


def test_the_gate_is_the_command_of_the_readme() -> None:
    assert "$ python3 gate.py\n" in README
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("exec python3 gate.py")


def test_every_file_that_the_readme_names_exists() -> None:
    for name in re.findall(r"`((?:docs|machines)/[\w./-]+)`", README):
        assert (ROOT / name).exists(), name
