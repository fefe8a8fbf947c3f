"""A subscription: trial, active with its payments and its devices side by side, paused, ended."""

from enum import StrEnum

from pydantic import BaseModel

from interlock.machines import (
    Check,
    Command,
    Effect,
    Lifecycle,
    Refuse,
    Region,
    Retry,
    across,
    after,
    entering,
    history,
    on,
    step,
)


class Status(StrEnum):
    TRIAL = "trial"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class Payments(StrEnum):
    PAID = "paid"
    PAST_DUE = "past due"


class Dunning(StrEnum):
    REMINDED = "reminded"
    WARNED = "warned"


class Devices(StrEnum):
    FREE = "free"
    FULL = "full"


class Account(BaseModel):
    email: str
    plan: str = ""
    devices: int = 0


class Subscribe(Command):
    plan: str


class Paid(Command):
    pass


class PaymentFailed(Command):
    reason: str


class AddDevice(Command):
    pass


class RemoveDevice(Command):
    pass


class Pause(Command):
    pass


class Resume(Command):
    pass


class Cancel(Command):
    pass


@step(retry=Retry.standard)
async def mail(email: str, text: str) -> None:
    print(f"to {email}: {text}")


def is_last_free(account: Account, command: AddDevice) -> Check:
    return account.devices == 2


def has_device(account: Account, command: RemoveDevice) -> Check:
    return account.devices > 0 or Refuse("there is no device")


class Subscription(Lifecycle[Status, Account], initial=Status.TRIAL, final={Status.ENDED}):
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

    @after("90 days", source=Status.PAUSED, target=Status.ENDED)
    def forget(self, account: Account) -> Account:
        return account

    @on(Cancel, source={Status.TRIAL, Status.ACTIVE, Status.PAUSED}, target=Status.ENDED)
    def cancel(self, account: Account, command: Cancel) -> Account:
        return account

    @entering(Status.ENDED)
    def say_goodbye(self, account: Account) -> Effect:
        return mail.effect(account.email, "your subscription has ended")

    class PaymentsPart(
        Region[Payments, Account], of=Status.ACTIVE, initial=Payments.PAID, name="payments"
    ):
        @on(PaymentFailed, source=Payments.PAID, target=Payments.PAST_DUE)
        def fall_due(self, account: Account, command: PaymentFailed) -> Account:
            return account

        @on(Paid, source=Payments.PAST_DUE, target=Payments.PAID)
        def settle(self, account: Account, command: Paid) -> Account:
            return account

        @on(Paid, source=Payments.PAID)
        def renew(self, account: Account, command: Paid) -> Account:
            return account

        class DunningPart(Region[Dunning, Account], of=Payments.PAST_DUE, initial=Dunning.REMINDED):
            @after("3 days", source=Dunning.REMINDED, target=Dunning.WARNED)
            def warn(self, account: Account) -> Account:
                return account

            @after("4 days", source=Dunning.WARNED, target=across(Status.ENDED))
            def give_up(self, account: Account) -> Account:
                return account

            @entering(Dunning.REMINDED)
            def send_reminder(self, account: Account) -> Effect:
                return mail.effect(account.email, "your payment failed")

            @entering(Dunning.WARNED)
            def send_warning(self, account: Account) -> Effect:
                return mail.effect(account.email, "your subscription ends in four days")

    class DevicesPart(
        Region[Devices, Account], of=Status.ACTIVE, initial=Devices.FREE, name="devices"
    ):
        @on(AddDevice, source=Devices.FREE, target=Devices.FULL, guard=is_last_free)
        def add_last(self, account: Account, command: AddDevice) -> Account:
            return account.model_copy(update={"devices": account.devices + 1})

        @on(AddDevice, source=Devices.FREE)
        def add(self, account: Account, command: AddDevice) -> Account:
            return account.model_copy(update={"devices": account.devices + 1})

        @on(RemoveDevice, source=Devices.FULL, target=Devices.FREE)
        def make_room(self, account: Account, command: RemoveDevice) -> Account:
            return account.model_copy(update={"devices": account.devices - 1})

        @on(RemoveDevice, source=Devices.FREE, guard=has_device)
        def remove(self, account: Account, command: RemoveDevice) -> Account:
            return account.model_copy(update={"devices": account.devices - 1})
