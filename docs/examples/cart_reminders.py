"""Remind of a cart that was left: one hour later, and one day later."""

from datetime import datetime, timedelta

from pydantic import BaseModel

from interlock.machines import Command, Retry, TimedOut, now, step, wait_for, workflow

REMINDERS = (
    (timedelta(hours=1), "you left something in your cart"),
    (timedelta(hours=24), "your cart is emptied tonight"),
)


class Cart(BaseModel):
    id: str
    email: str
    left_at: datetime


class Bought(Command):
    order: str


@step(retry=Retry.standard)
async def mail(email: str, text: str) -> None:
    print(f"to {email}: {text}")


@workflow
async def remind(cart: Cart) -> str:
    for delay, text in REMINDERS:
        left = cart.left_at + delay - now()
        try:
            bought = await wait_for(Bought, timeout=left)
        except TimedOut:
            await mail(cart.email, text)
        else:
            return f"bought as {bought.order}"
    return "reminded twice"
