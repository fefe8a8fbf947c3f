"""The kernel: how nested and parallel states move. Pure, and knows nothing of lifecycles.

It follows the algorithm of the W3C recommendation SCXML (macrosteps and microsteps, inner states
before outer ones, document order), but for three things: two candidates of one state without a
guard are an error of the definition, not the first one's turn; a transition that stays within one
region of a parallel state leaves the other regions alone, even from the region itself to itself;
and a state that is active is not entered again by a history further out.
"""

from interlock.machines.kernel.chart import Chart, Choose
from interlock.machines.kernel.endless import endless
from interlock.machines.kernel.macrostep import LONGEST_CHAIN, begin, react
from interlock.machines.kernel.readable import readable
from interlock.machines.kernel.snapshot import Microstep, Snapshot
from interlock.machines.kernel.structure import Flaw, flaws

__all__ = [
    "LONGEST_CHAIN",
    "Chart",
    "Choose",
    "Flaw",
    "Microstep",
    "Snapshot",
    "begin",
    "endless",
    "flaws",
    "react",
    "readable",
]
