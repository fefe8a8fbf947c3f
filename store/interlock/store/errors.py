"""The root of every error that Interlock raises, and the errors of the store (ILK001 to ILK019)."""

from __future__ import annotations


class InterlockError(Exception):
    """Root of all errors raised by Interlock.

    Attributes:
        code: stable identifier (`ILK0xx`), the same in every release and in the documentation.
    """

    code: str = "ILK000"

    def __str__(self) -> str:
        return f"{self.code}: {super().__str__()}"

    @property
    def message(self) -> str:
        """The text without its code."""
        return super().__str__()


class StoreError(InterlockError):
    """Any failure of the event store."""

    code = "ILK001"


class NotADatabase(StoreError):
    """The file exists and is not an SQLite database (or is a damaged one)."""

    code = "ILK002"


class NewerSchema(StoreError):
    """The database was written by a newer Interlock than this one."""

    code = "ILK003"


class SchemaLost(StoreError):
    """The database does not say which schema its tables have: it was altered, or is half a copy."""

    code = "ILK285"


class StoreReadOnly(StoreError):
    """The database, its folder or its disk cannot be written."""

    code = "ILK004"


class StoreFull(StoreError):
    """The disk (or a quota) is full: nothing of the refused commit was kept."""

    code = "ILK005"


class StoreBusy(StoreError):
    """Another process holds the file's writer role (or a lock that was not released in time)."""

    code = "ILK006"


class StoreClosed(StoreError):
    """The store was closed before or while the call waited."""

    code = "ILK007"


class BadStoreUrl(StoreError):
    """A store URL that names no known backend."""

    code = "ILK008"


class Conflict(StoreError):
    """Somebody else appended to the stream first: reload it and decide again.

    Attributes:
        stream: the stream's id.
        expected: the version the commit expected the stream to be at.
    """

    code = "ILK009"

    def __init__(self, stream: str, expected: int) -> None:
        super().__init__(f"stream {stream!r} is no longer at version {expected}")
        self.stream = stream
        self.expected = expected


class DuplicateCommand(StoreError):
    """A command with this id was already accepted.

    Attributes:
        command_id: the repeated id.
        stream: the stream that accepted it.
        version: the version that its commit led to.
    """

    code = "ILK010"

    def __init__(self, command_id: str, stream: str, version: int) -> None:
        super().__init__(f"command {command_id!r} was already accepted by {stream!r}")
        self.command_id = command_id
        self.stream = stream
        self.version = version


class UnknownEvent(StoreError):
    """An event in the log has a type or a schema version that this program does not know."""

    code = "ILK011"


class Unrecordable(StoreError):
    """A value cannot be recorded.

    Attributes:
        path: where the value was found, such as `order.lines[2].client`.
    """

    code = "ILK012"

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class UnknownType(StoreError):
    """A recorded value is of a type that this program has not registered."""

    code = "ILK013"


class BrokenChain(StoreError):
    """An event does not follow from the one before it: the log was altered or is damaged."""

    code = "ILK014"


class RunArchived(StoreError):
    """The run's events were moved to an archive. Its id stays taken, and it can be restored.

    Attributes:
        stream: the run's id.
        file: the archive's file, as it was named when the run was archived.
    """

    code = "ILK015"

    def __init__(self, stream: str, file: str) -> None:
        back = f"interlock restore {stream}"
        super().__init__(f"run {stream!r} is archived in {file}; to bring it back: {back}")
        self.stream = stream
        self.file = file


class BadArchive(StoreError):
    """A file is no archive of runs, or it was altered or is damaged: nothing is taken from it."""

    code = "ILK016"


class LogReplaced(StoreError):
    """The log is not the one that was followed: another one, or restored from an older backup.

    Attributes:
        position: up to which the other log was followed.
    """

    code = "ILK017"

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class AnswerLost(Conflict):
    """Whether a commit was kept is not known: the connection broke before the answer came.

    It is treated as a conflict: reload the stream, which shows it, and decide again.
    """

    code = "ILK018"

    def __init__(self, stream: str, expected: int) -> None:
        message = f"whether {stream!r} was appended to after version {expected} is not known"
        super(Conflict, self).__init__(message)
        self.stream = stream
        self.expected = expected


class NewerValue(UnknownType):
    """A recorded value is of a newer shape than this program's: upgrade the program."""

    code = "ILK230"


class OutdatedValue(UnknownType):
    """A recorded value is of an older shape, and nothing brings it to the present one."""

    code = "ILK231"


class BadUpcast(StoreError):
    """`upcast` or `renamed` was given something that it cannot mean."""

    code = "ILK232"


class LateUpcast(BadUpcast):
    """An upcaster stands below a machine that counts its class already; move it above."""

    code = "ILK291"
