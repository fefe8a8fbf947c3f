"""Whether migrations answer for every state in which a run can be."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from interlock.machines.advice import mapping
from interlock.machines.compare import Verdict, unsafe_states
from interlock.machines.held import renamed
from interlock.machines.ir import Machine
from interlock.machines.migration import Migrations, mapped_by


def left_out(old: Machine, new: Machine, migrations: Migrations) -> dict[str, Verdict]:
    """The states of a definition whose runs can neither go on as they are nor are migrated.

    What a migration's function makes of the variables is seen only with a run: it is taken to
    be what the new definition wants.
    """
    path = migrations.path(old.hash, old.version, new)
    states = mapped_by(path)
    if any(migration.change is not None for migration in path):
        states = {node.id: renamed(node.id, states) for node in (*old.nodes, *old.calls)}
    return unsafe_states(old, new, states)


def told_left_out(
    old: Machine, unsafe: dict[str, Verdict], migrations: Migrations, new: Machine
) -> str:
    """What is left out, and what to write, in words."""
    states = mapped_by(migrations.path(old.hash, old.version, new))
    wrong = [state for state in unsafe if state in states]
    lacking = [state for state in unsafe if state not in states]
    reasons = "; ".join(
        dict.fromkeys(why for verdict in unsafe.values() for why in verdict.reasons)
    )
    write = [f"write {mapping(lacking)}"] if lacking else []
    for state in wrong:
        kind = old.places[state].kind if state in old.places else "state"
        write.append(
            f"map {state!r} to another {kind}, or keep it in the code until no run is in it"
        )
    return (
        f"the migrations of {old.name} from {old.version or old.hash} leave out states in which "
        f"its runs may be: {reasons}; {', and '.join(write)}"
    )


def unknown_targets(new: Machine, migrations: Migrations) -> Iterator[str]:
    """What migrations to a definition speak of as its states, and is none."""
    for migration in migrations:
        if migration.target not in ("", new.hash, new.version):
            continue
        for was, now in migration.states.items():
            if now not in new.places:
                near = get_close_matches(now, [*new.places], 1)
                known = f"it has {', '.join(node.id for node in new.nodes)}"
                yield (
                    f"the migration of {new.name} from {migration.source} maps {was!r} to {now!r}, "
                    f"which is no state of it; {f'did you mean {near[0]!r}?' if near else known}"
                )
