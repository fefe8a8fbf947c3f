"""Errors of testing (ILK310 to ILK339)."""

from __future__ import annotations

from interlock.store.errors import InterlockError


class BadFixture(InterlockError):
    """The file of a failing case cannot be played any more."""

    code = "ILK310"

    def __init__(self, file: str, why: str) -> None:
        text = f"{file}: {why}; delete the file if the case means nothing any more"
        super().__init__(text)


class NoPayload(InterlockError):
    """Nothing is known of the values of a type that tests have to be made of."""

    code = "ILK311"

    def __init__(self, name: str, place: str) -> None:
        where = f"{place} ({name})" if place and place != name else name
        text = f"no values of {where} are known; say which: payloads={{{name}: st.…}}"
        super().__init__(text)


class NotTestable(InterlockError):
    """Tests were asked for of what is no lifecycle or workflow, or with what does not fit it."""

    code = "ILK312"


class BadTests(InterlockError):
    """The tests that mutants are held against fail without any, or cannot be run."""

    code = "ILK313"


class NeverTaken(InterlockError, UserWarning):
    """A warning: generated tests, or simulations, never take some ways through a machine."""

    code = "ILK314"


class HarnessError(InterlockError):
    """A test asks its harness for something that cannot be."""

    code = "ILK320"


class NotScripted(HarnessError):
    """A call of a step for which the script holds no outcome."""

    code = "ILK321"


class NothingMore(HarnessError):
    """What a test waits for never comes, however much time passes."""

    code = "ILK322"


class StillRunning(HarnessError):
    """A call that is made for real does not return, so that time cannot go on."""

    code = "ILK323"


class SimulationFailed(InterlockError, AssertionError):
    """What has to hold in every simulation did not, for one seed.

    Attributes:
        seed: simulates the same again.
        wrong: what did not hold, each said for a person.
        faults: those that it takes.
        trace: what happened, line by line.
    """

    code = "ILK330"

    def __init__(
        self, message: str, seed: int, wrong: list[str], faults: list[str], trace: list[str]
    ) -> None:
        super().__init__(message)
        self.seed = seed
        self.wrong = wrong
        self.faults = faults
        self.trace = trace


class PersonalInside(HarnessError):
    """A run that is to become a test holds personal data, which would stand in the file."""

    code = "ILK324"


class NoRegression(HarnessError):
    """No test that passes can be made of a run: its code is gone, or does something else now."""

    code = "ILK325"


class NotTaken(HarnessError, AssertionError):
    """A script holds outcomes that no call took, or for a step that is never called."""

    code = "ILK326"
