"""What a storage says of a row that was told of already: one altered row is one finding."""

from __future__ import annotations

import re
from collections.abc import Sequence

from interlock.audit.finding import Finding

_NAMED = (
    re.compile(r"definition (?P<name>\w+) is not what was stored"),
    re.compile(r"timer (?P<name>.+) of run (?P<run>.+) has no instant"),
    re.compile(r"the row of (?P<run>.+) in (?P<table>\w+) holds a value of another type"),
    re.compile(r"run (?P<run>.+) is \w[\w ]*, but marked as \w+"),
    re.compile(r"an instant of run (?P<run>.+) in the index is not as it is written"),
)
"""The flaws of rows that the audit reads as well."""


def repeats(flaw: str, found: Sequence[Finding]) -> bool:
    """Whether a flaw of the storage is of a row that a finding is about."""
    match = next((one for pattern in _NAMED if (one := pattern.match(flaw))), None)
    if match is None:
        return False
    named = match.groupdict()
    run, name = named.get("run", ""), named.get("name", "")
    if not run:
        return any(one.what.startswith(f"definition {name} ") for one in found)
    if name:
        return any(one.what.startswith(f"timer {name} of {run} ") for one in found)
    ours = (one for one in found if repr(one.stream) == run)
    if named.get("table") == "stored_events":
        return any("is not bytes" in one.what for one in ours)
    if named.get("table", "interlock_entries") != "interlock_entries":
        return False
    return any(one.what.startswith("the index") for one in ours)
