"""The worker's notice board: what the process that drives the runs tells others of itself.

It is no part of the log: it ends with the worker's role, and nothing is decided by it. It answers
what the log cannot: whether anybody drives the runs, and what that process cannot drive, or is
busy with.
"""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta

import msgspec


class UnderWay(msgspec.Struct, frozen=True):
    """A call that is being made.

    Attributes:
        run, activity: whose it is.
        since: when it was made.
        queued: it waits for a thread: all of them are busy.
    """

    run: str
    activity: str
    since: datetime
    queued: bool = False


class Parked(msgspec.Struct, frozen=True):
    """A call that waits in the worker's memory for something that is no instant.

    Attributes:
        run, activity: whose it is.
        by: what holds it back, such as `bulkhead models` or `flight`.
    """

    run: str
    activity: str
    by: str


class Board(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a worker tells of itself.

    Attributes:
        worker: its name: host and process.
        since: when it took the role.
        serves: hashes of the definitions that it has, by machine; none for one that it has
            imported, and compiles when it is wanted. None where they are too many to tell.
        modules: those that it has imported machines from.
        lacking: by definition that it cannot drive, what is missing for it.
        recovers: it drives every run; else only those that it started or was given commands for.
        driven: runs that it is moving, where it does not drive every run.
        stuck: runs that it cannot drive, and why.
        troubled: runs whose commits the store refuses, and why.
        calls: calls that it is making.
        parked: calls that wait in its memory.
        full: it moves as many runs as it may at a time: others wait for room.
        left_out: entries of the lists that there was no room for.
    """

    worker: str
    since: datetime
    serves: dict[str, list[str]] | None = None
    modules: list[str] = []
    lacking: dict[str, str] = {}
    recovers: bool = True
    driven: list[str] = []
    stuck: dict[str, str] = {}
    troubled: dict[str, str] = {}
    calls: list[UnderWay] = []
    parked: list[Parked] = []
    full: bool = False
    left_out: int = 0


class Seen(msgspec.Struct, frozen=True):
    """That a worker has the role.

    Attributes:
        board: what it tells; None when it tells nothing (it has just begun, or is an older one).
        silent: how long ago it last gave a sign of life.
    """

    board: Board | None
    silent: timedelta = timedelta()


ROOM = 64 * 1024
"""Bytes of a board: reserved when the role is taken, so that it can be written on a full disk."""

_HEAD = 18


def written(board: Board) -> bytes:
    """A board as bytes that say whether they are whole; at most `ROOM` of them."""
    text = msgspec.json.encode(board)
    while len(text) + _HEAD > ROOM:
        board = _shorter(board)
        text = msgspec.json.encode(board)
    return b"%08d %08x\n" % (len(text), zlib.crc32(text)) + text


def _shorter(board: Board) -> Board:
    """Half of each list, or nothing of them."""
    stuck, troubled = [*board.stuck.items()], [*board.troubled.items()]
    lists = (board.calls, board.parked, board.driven, stuck, troubled)
    if not any(lists):
        return Board(worker=board.worker[:200], since=board.since, left_out=1)
    gone = sum(len(one) - len(one) // 2 for one in lists)
    return msgspec.structs.replace(
        board,
        calls=board.calls[: len(board.calls) // 2],
        parked=board.parked[: len(board.parked) // 2],
        driven=board.driven[: len(board.driven) // 2],
        stuck=dict(stuck[: len(stuck) // 2]),
        troubled=dict(troubled[: len(troubled) // 2]),
        left_out=board.left_out + gone,
    )


def read_board(data: bytes) -> Board | None:
    """The board that bytes hold; None when they are not whole, or of another kind."""
    head, _, rest = data.partition(b"\n")
    try:
        length, check = int(head[:8]), int(head[9:], 16)
        text = rest[:length]
        if len(text) != length or zlib.crc32(text) != check:
            return None
        return msgspec.json.decode(text, type=Board)
    except (ValueError, msgspec.MsgspecError):
        return None
