"""What is shipped works without the sources: the wheel is built, unpacked elsewhere, and run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

CHILD = """
import sys
roots, wheel = sys.argv[1].split("|"), sys.argv[2]
sys.path[:] = [wheel] + [p for p in sys.path if p not in roots and p]
import interlock
interlock.__path__ = [f"{wheel}/interlock"]
from interlock.cli import main
sys.argv = ["interlock", *sys.argv[3:]]
main()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (file,) = folder.glob("*.whl")
    unpacked = folder / "unpacked"
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--quiet", "--target"]
    subprocess.run([*install, str(unpacked), str(file)], check=True, capture_output=True)
    return unpacked


def interlock(wheel: Path, *arguments: str) -> str:
    roots = "|".join(str(ROOT / name) for name in ("machines", "projections", "store"))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, roots, str(wheel), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=wheel,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_runs_the_main_job(wheel: Path, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/demo.db"
    interlock(wheel, "demo", "--store", store, "--json")
    rows = json.loads(interlock(wheel, "show", "order-1", "--store", store, "--json"))
    assert rows["machine"] == "demo-checkout"


def test_the_wheel_holds_data_licence_and_types(wheel: Path) -> None:
    names = {file.name for file in (wheel / "interlock").rglob("*") if file.is_file()}
    assert {"jaffle_orders.csv", "jaffle_payments.csv", "py.typed"} <= names
    assert list(wheel.glob("interlock-*.dist-info/licenses/LICENSE"))
