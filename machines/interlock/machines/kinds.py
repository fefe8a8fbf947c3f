"""Options that are not what they should be, told where they are declared instead of when used."""

from __future__ import annotations

from interlock.machines.place import bad_definition


def check_kind(name: str, value: object, kinds: type | tuple[type, ...], instead: str) -> None:
    """Check that an option is None or of one of these types.

    Args:
        name: what the option is called.
        instead: what to write.

    Raises:
        BadDefinition: it is something else.
    """
    if value is not None and not isinstance(value, kinds):
        message = f"{name}={value!r} is not understood; write {instead}"
        raise bad_definition(message)


def check_function(name: str, value: object) -> None:
    """Check that an option is None or can be called.

    Raises:
        BadDefinition: it is something else.
    """
    if value is not None and not callable(value):
        message = f"{name}={value!r} is no function; write the name of one"
        raise bad_definition(message)


def check_errors(name: str, classes: tuple[object, ...]) -> None:
    """Check that these are classes of exceptions.

    Raises:
        BadDefinition: one is something else.
    """
    for given in classes:
        if not (isinstance(given, type) and issubclass(given, BaseException)):
            message = f"{name}={given!r} is no class of exceptions; write {name}=(Declined, ...)"
            raise bad_definition(message)
