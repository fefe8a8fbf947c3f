"""`demo`: the main job, with a progress bar and its figures."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlock.cli.errors import BadArgument
from interlock.cli.progress import Bar
from interlock.cli.render import Column, Screen, Styled, print_document
from interlock.cli.stores import may_be_made, run_async
from interlock.cli.text import lasting, many

if TYPE_CHECKING:
    from interlock.demo.kill import KillReport
    from interlock.demo.olist import MarketplaceSummary
    from interlock.demo.proof import Proof
    from interlock.demo.summary import Progress, Summary


def demo(
    store: str, *, kill: bool, scale: int, orders: Path | None, seed: int | None, as_json: bool
) -> bool:
    """Run the demo that is asked for. False when it proved something wrong."""
    may_be_made(store)
    if orders is not None:
        return _olist(store, orders, as_json=as_json)
    options: dict[str, Any] = {"scale": scale} | ({} if seed is None else {"seed": seed})
    if kill:
        return _killed(store, options, as_json=as_json)
    from interlock.demo.runner import run_demo

    with Bar("orders", None) as bar:
        summary = run_async(run_demo(store, progress=lambda p: _show(bar, p), **options))
    if as_json:
        print_document(summary_view(summary))
    else:
        screen = Screen()
        _print_summary(screen, summary)
        _print_next(screen, summary)
    return not summary.doubled


def _killed(store: str, options: dict[str, Any], *, as_json: bool) -> bool:
    from interlock.demo.kill import run_killed

    with Bar("orders", None) as bar:
        report = run_async(run_killed(store, progress=lambda p: _show(bar, p), **options))
    if as_json:
        print_document(_kill_view(report))
    else:
        screen = Screen()
        _print_summary(screen, report.summary)
        _print_proof(screen, report)
        _print_next(screen, report.summary)
    return report.proof.holds and not report.doubled


def _olist(store: str, orders: Path, *, as_json: bool) -> bool:
    if not orders.is_file():
        message = f"there is no file {orders}; --orders takes a CSV of Olist orders"
        raise BadArgument(message)
    from interlock.demo.olist import run_marketplace

    with Bar("orders", None) as bar:
        summary = run_async(run_marketplace(store, orders, progress=bar.update))
    if as_json:
        print_document(dataclasses.asdict(summary))
    else:
        _print_marketplace(Screen(), summary)
    return True


def _show(bar: Bar, progress: Progress) -> None:
    told = ", ".join(f"{count} {name}" for name, count in progress.counts.items())
    bar.update(progress.done, progress.total, f"{progress.steps} steps; {told}")


def summary_view(summary: Summary) -> dict[str, object]:
    """A demo's figures as JSON."""
    per_second = round(summary.steps_per_second, 1)
    return {**dataclasses.asdict(summary), "steps_per_second": per_second}


def _kill_view(report: KillReport) -> dict[str, object]:
    return {
        "kills": report.kills,
        "proved": report.proof.holds,
        "proof": [dataclasses.asdict(check) for check in report.proof.checks],
        "repeated": report.repeated,
        "doubled": report.doubled,
        "seconds": report.seconds,
        "summary": summary_view(report.summary),
    }


def _print_summary(screen: Screen, summary: Summary) -> None:
    rate = f"{summary.steps_per_second:,.0f} steps/s"
    screen.line(
        Styled(f"{summary.orders} orders in {lasting(summary.seconds)}:", "bold"),
        Styled(f"{many(summary.steps, 'step')}, {many(summary.events, 'event')}, {rate}", "dim"),
    )
    screen.heading("Checkouts")
    rows = [(name, str(count)) for name, count in summary.verdicts.items()]
    screen.table([Column("outcome"), Column("orders", right=True)], rows)
    screen.heading("Lifecycles")
    rows = [(name, str(count)) for name, count in summary.lifecycles.items()]
    screen.table([Column("state"), Column("orders", right=True)], rows)
    screen.line("")
    doubled = Styled(str(summary.doubled), "bold red" if summary.doubled else "green")
    screen.pairs(
        [
            ("as in the data", f"{summary.as_in_data} of {summary.orders} lifecycles"),
            ("charges", f"{summary.charges}, {summary.refunds} refunded"),
            ("repeated requests", f"{summary.repeated}, known to the provider by their key"),
            ("charged twice", doubled),
        ]
    )


def _print_proof(screen: Screen, report: KillReport) -> None:
    screen.heading(f"Proof, after {report.kills} kills")
    print_proof(screen, report.proof)


def print_proof(screen: Screen, proof: Proof) -> None:
    """Print each claim, and what speaks against it."""
    for check in proof.checks:
        mark = Styled("holds", "green") if not check.faults else Styled("BROKEN", "bold red")
        screen.line(" ", mark, f"{check.claim} ({check.examined} examined)")
        for fault in check.faults:
            screen.line("     ", Styled(fault, "red"))


def _print_next(screen: Screen, summary: Summary) -> None:
    """What a newcomer may want to look at now."""
    from interlock.cli.options import DEFAULT_STORE

    option = "" if summary.store == DEFAULT_STORE else f" --store {summary.store}"
    screen.line("")
    for command in ("runs", "approvals", "show order-17", "history order-17"):
        screen.line(Styled(f"  interlock {command}{option}", "cyan"))


def _print_marketplace(screen: Screen, summary: MarketplaceSummary) -> None:
    screen.line(
        Styled(f"{summary.lifecycles} lifecycles in {lasting(summary.seconds)}:", "bold"),
        Styled(f"{summary.accepted} commands accepted", "dim"),
    )
    screen.heading("Refused")
    rows = [(why, str(count)) for why, count in summary.refused.items()]
    screen.table([Column("command and reason"), Column("commands", right=True)], rows)
    screen.line(
        f"{summary.refused_orders} orders met a refusal; "
        f"{summary.recovered} of them reached their real status all the same"
    )
    screen.heading("Orders by status")
    names = dict.fromkeys((*summary.statuses, *summary.in_data))
    columns = [
        Column("status"), Column("here", right=True), Column("in the data", right=True),
    ]  # fmt: skip
    screen.table(
        columns,
        [
            (name, str(summary.statuses.get(name, 0)), str(summary.in_data.get(name, 0)))
            for name in names
        ],
    )
    screen.line(f"{summary.as_in_data} of {summary.lifecycles} are in the status of the data")
