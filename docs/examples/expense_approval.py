"""Pay an expense once a manager and, for large amounts, a vice president have agreed."""

from decimal import Decimal

from pydantic import BaseModel

from interlock.machines import (
    Decision,
    Group,
    Retry,
    TimedOut,
    approval,
    directory,
    step,
    workflow,
)

VP_ABOVE = Decimal(5000)

directory({"managers": ["mia", "max"], "vice presidents": ["vera"]})


class Expense(BaseModel):
    employee: str
    purpose: str
    amount: Decimal


@step(retry=Retry.standard)
async def pay(expense: Expense) -> None:
    print(f"transfer of {expense.amount} to {expense.employee}")


@step(retry=Retry.standard)
async def tell(employee: str, text: str) -> None:
    print(f"to {employee}: {text}")


async def decide(expense: Expense) -> Decision:
    try:
        decision = await approval(
            "manager",
            about=expense,
            approvers=Group("managers"),
            requester=expense.employee,
            remind="24 hours",
            timeout="48 hours",
        )
        if not decision.granted or expense.amount <= VP_ABOVE:
            return decision
    except TimedOut:
        pass  # nobody looked at it: one level up
    return await approval(
        "vp",
        about=expense,
        approvers=Group("vice presidents"),
        requester=expense.employee,
        remind="24 hours",
        timeout="48 hours",
    )


@workflow
async def reimburse(expense: Expense) -> str:
    try:
        decision = await decide(expense)
    except TimedOut:
        outcome = "nobody decided in time; hand it in again"
    else:
        outcome = f"{'paid' if decision.granted else 'refused'}, says {decision.by}"
        if decision.granted:
            await pay(expense)
    await tell(expense.employee, outcome)
    return outcome
