"""A subscription with nested and parallel states that the tests share."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel

from interlock.machines import (
    Check,
    Command,
    Effect,
    Lifecycle,
    Refuse,
    Region,
    across,
    after,
    always,
    done,
    entering,
    exiting,
    history,
    on,
    step,
    taking,
)


class Status(StrEnum):
    TRIAL = "trial"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class Billing(StrEnum):
    PAID = "paid"
    PAST_DUE = "past due"
    SETTLED = "settled"


class Access(StrEnum):
    FULL = "full"
    LIMITED = "limited"
    REVOKED = "revoked"


class Limits(StrEnum):
    SLOW = "slow"
    READ_ONLY = "read only"


class Account(BaseModel):
    plan: str = "basic"
    failures: int = 0
    renewals: int = 0


class Subscribe(Command):
    plan: str


class Charge(Command):
    succeeded: bool = True


class Restrict(Command):
    pass


class Tighten(Command):
    pass


class Restore(Command):
    pass


class Pause(Command):
    pass


class Resume(Command):
    pass


class Close(Command):
    pass


class Rename(Command):
    plan: str


class Nudge(Command):
    pass


@step
async def mail(text: str) -> None:
    del text


def succeeded(account: Account, command: Charge) -> Check:
    return command.succeeded or Refuse("the card was declined")


def failed(account: Account, command: Charge) -> Check:
    return not command.succeeded


def too_often(account: Account) -> Check:
    return account.failures >= 3


class Subscription(
    Lifecycle[Status, Account],
    initial=Status.TRIAL,
    final={Status.ENDED},
    unhandled={Status.TRIAL: "defer"},
):
    @on(Subscribe, source=Status.TRIAL, target=Status.ACTIVE)
    def subscribe(self, account: Account, command: Subscribe) -> Account:
        return account.model_copy(update={"plan": command.plan})

    @after("14 days", source=Status.TRIAL, target=Status.ENDED)
    def lapse(self, account: Account) -> Account:
        return account

    @on(Pause, source=Status.ACTIVE, target=Status.PAUSED)
    def pause(self, account: Account, command: Pause) -> Account:
        return account

    @on(Resume, source=Status.PAUSED, target=history(Status.ACTIVE, deep=True))
    def resume(self, account: Account, command: Resume) -> Account:
        return account

    @on(Rename, source={Status.TRIAL, Status.ACTIVE, Status.PAUSED})
    def rename(self, account: Account, command: Rename) -> Account:
        return account.model_copy(update={"plan": command.plan})

    @done(source=Status.ACTIVE, target=Status.ENDED)
    def end(self, account: Account) -> Account:
        return account

    @entering(Status.ACTIVE)
    def welcome(self, account: Account) -> Effect:
        return mail.effect(f"welcome to {account.plan}")

    @exiting(Status.ACTIVE)
    def goodbye(self, account: Account) -> Effect:
        return mail.effect(f"leaving {account.plan}")

    @taking(pause)
    def on_pause(self, account: Account, command: Pause) -> Effect:
        return mail.effect("paused")

    class BillingPart(
        Region[Billing, Account],
        of=Status.ACTIVE,
        initial=Billing.PAID,
        final={Billing.SETTLED},
        name="billing",
    ):
        @after("30 days", source=Billing.PAID, target=Billing.PAST_DUE)
        def fall_due(self, account: Account) -> Account:
            return account

        @on(Charge, source={Billing.PAID, Billing.PAST_DUE}, target=Billing.PAID, guard=succeeded)
        def renew(self, account: Account, command: Charge) -> Account:
            return account.model_copy(update={"renewals": account.renewals + 1, "failures": 0})

        @on(Charge, source={Billing.PAID, Billing.PAST_DUE}, target=Billing.PAST_DUE, guard=failed)
        def decline(self, account: Account, command: Charge) -> Account:
            return account.model_copy(update={"failures": account.failures + 1})

        @always(source=Billing.PAST_DUE, target=across(Status.PAUSED), guard=too_often)
        def give_up(self, account: Account) -> Account:
            return account.model_copy(update={"failures": 0})

        @on(Close, source={Billing.PAID, Billing.PAST_DUE}, target=Billing.SETTLED)
        def settle(self, account: Account, command: Close) -> Account:
            return account

        @taking(give_up)
        def tell(self, account: Account) -> Effect:
            return mail.effect("too many failures")

    class AccessPart(
        Region[Access, Account],
        of=Status.ACTIVE,
        initial=Access.FULL,
        final=(Access.REVOKED,),
        name="access",
        unhandled={Access.LIMITED: "ignore"},
    ):
        @on(Restrict, source=Access.FULL, target=Access.LIMITED)
        def restrict(self, account: Account, command: Restrict) -> Account:
            return account

        @on(Restore, source=Access.LIMITED, target=Access.FULL)
        def restore(self, account: Account, command: Restore) -> Account:
            return account

        @on(Close, source={Access.FULL, Access.LIMITED}, target=Access.REVOKED)
        def revoke(self, account: Account, command: Close) -> Account:
            return account

        class LimitsPart(Region[Limits, Account], of=Access.LIMITED, initial=Limits.SLOW):
            @on(Tighten, source=Limits.SLOW, target=Limits.READ_ONLY)
            def tighten(self, account: Account, command: Tighten) -> Account:
                return account
