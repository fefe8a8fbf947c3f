"""The JSON of differences: stable keys."""

from __future__ import annotations

from interlock.cli.text import exact
from interlock.cli.view import activity_view, effect_view
from interlock.projections import Change, Difference, Moment, facts


def difference_view(found: Difference) -> dict[str, object]:
    """What changed between two moments."""
    return {
        "from": moment_view(found.before),
        "to": moment_view(found.after),
        "changed": {
            name: {"before": one, "after": other}
            for name, one, other in facts(found.before, found.after) if one != other
        },
        "variables": [change_view(change) for change in found.changes],
        "branches": [
            {
                "id": branch.id,
                "branch": branch.name,
                "state": {"before": branch.state[0], "after": branch.state[1]},
                "variables": [change_view(change) for change in branch.changes],
            }
            for branch in found.branches
        ],
        "waits": [
            {
                "before": None if pair.before is None else _activity(found.before, pair.before.id),
                "after": None if pair.after is None else _activity(found.after, pair.after.id),
            }
            for pair in found.waits
        ],
        "effects": [
            {
                "before": None if pair.before is None else effect_view(pair.before),
                "after": None if pair.after is None else effect_view(pair.after),
            }
            for pair in found.effects
        ],
    }  # fmt: skip


def _activity(moment: Moment, activity: str) -> dict[str, object]:
    state = moment.run_state
    return activity_view(state, state.pending[activity])


def change_view(change: Change) -> dict[str, object]:
    """A change, as JSON."""
    return {
        "where": change.where,
        "path": list(change.path),
        "change": change.kind,
        "before": change.before,
        "after": change.after,
    }


def moment_view(moment: Moment) -> dict[str, object]:
    """Which moment it is."""
    return {
        "version": moment.version,
        "at": exact(moment.at),
        "state": moment.state,
        "status": moment.status,
    }
