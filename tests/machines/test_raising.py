"""A name that may be unbound is where an exception can begin: the drawing has that way too."""

from interlock.machines import step, workflow


@step
async def first(value: object = None) -> int:
    return 1


@step
async def second() -> int:
    return 2


@workflow
async def deleted(value: int) -> str:
    found = ""
    try:
        del value
        await first(value)  # type: ignore[misc]  # noqa: F821 - unbound is what this is about
    except UnboundLocalError as error:
        found = str(error)
    await second()
    return found


@workflow
async def bound(value: int) -> int:
    try:
        await first(value)
    except ValueError:
        value = 2
    return value + await second()


def test_reading_a_name_that_was_deleted_may_lead_to_the_handler_before_the_step() -> None:
    assert ("start", "second") in deleted.machine.moves


def test_reading_a_bound_name_does_not() -> None:
    assert ("start", "second") not in bound.machine.moves
