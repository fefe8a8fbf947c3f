"""A suite: the laws of one machine, and how a case is looked for in which one does not hold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from hypothesis import settings as Settings  # noqa: N812  the argument has its name
from hypothesis import strategies as st

from interlock.store.values import Types
from interlock.testing.fixtures import Fixtures
from interlock.testing.moves import Case, Fault
from interlock.testing.report import report
from interlock.testing.search import Failure, Search
from interlock.testing.strategies import faults

S = TypeVar("S")
S_contra = TypeVar("S_contra", contravariant=True)

FEWEST = 5
"""Examples of a law, at least."""

_FEW_WAYS, _WAYS = 12, 4
"""Cases along the shortest ways: at least so many, and so many times the examples; of more, as
many, evenly spread."""


class AnyLaw(Protocol[S_contra]):
    """A law of lifecycles or of workflows."""

    @property
    def name(self) -> str:
        """How the test is called."""
        ...

    @property
    def text(self) -> str:
        """What holds, as a sentence."""
        ...

    @property
    def check(self) -> Callable[[S_contra, Case], None]:
        """Looks at one case."""
        ...

    @property
    def faults(self) -> Sequence[Any]:
        """Kinds of faults that are added to drawn cases."""
        ...

    @property
    def each(self) -> Callable[[S_contra, Case], Iterable[Case]]:
        """The cases to look at for each of the shortest ways."""
        ...

    @property
    def share(self) -> float:
        """The part of the examples that it gets."""
        ...

    @property
    def lastly(self) -> Callable[[S_contra], str] | None:
        """Of a law of all cases together: what is wrong with them, "" for nothing."""
        ...


class Suite(ABC, Generic[S]):
    """The laws of one machine, to be looked at one by one.

    Attributes:
        name: of the machine.
        subject: the machine, and what is drawn for it.
        laws: by name.
        chosen: the names of those that are looked at.
    """

    others: ClassVar[str] = "-"  # with what laws begin that other tests of the machine may have

    def __init__(
        self,
        name: str,
        subject: S,
        laws: Iterable[AnyLaw[S]],
        folder: Path | None,
        given: Settings | None,
    ) -> None:
        self.name = name
        self.subject = subject
        self.laws: Mapping[str, AnyLaw[S]] = {law.name: law for law in laws}
        self.chosen: Sequence[str] = [*self.laws]
        self._folder = folder
        self._given = given
        self._ways: list[Case] | None = None

    def run(self, name: str) -> None:
        """Look at one law.

        Raises:
            AssertionError: it does not hold; says in which case, and keeps that in a file.
            BadFixture: a case that was kept cannot be played any more.
        """
        law = self.laws[name]
        if law.lastly is not None:
            self._together(law, law.lastly)
            return
        fixtures = self._fixtures()
        for file, case in () if fixtures is None else fixtures.read(name):
            known = self._search(law).among([case])
            if known is not None:
                lines = self.lines(case)
                raise AssertionError(
                    report(self.name, law.text, case, known.broken, lines, file, known=True)
                )
        found = self.failure(name)
        if found is not None:
            lines = self.lines(found.case)
            kept = fixtures and fixtures.write(name, found.broken.why, lines, found.case)
            raise AssertionError(
                report(self.name, law.text, found.case, found.broken, lines, kept or None)
            )

    def _together(self, law: AnyLaw[S], lastly: Callable[[S], str]) -> None:
        """Look at all cases together: those along the shortest ways, then, if need be, drawn ones.

        Raises:
            AssertionError: they are not what they have to be.
        """
        self.ways()
        if lastly(self.subject):
            same = Settings(self._settings(law), derandomize=True)  # now and then is no answer
            self._search(law).drawn(self._cases(law), same)
        said = lastly(self.subject)
        if said:
            message = f"{self.name}: {law.text}; not so:\n\n{said}"
            raise AssertionError(message)

    def failure(self, name: str, *, drawn: bool = True) -> Failure | None:
        """A case in which a law does not hold: along the shortest ways, then by Hypothesis.

        Args:
            drawn: False looks along the shortest ways only.
        """
        law = self.laws[name]
        search, given = self._search(law), self._settings(law)
        every = (each for way in self.ways() for each in law.each(self.subject, way))
        most = max(_FEW_WAYS, _WAYS * (self._given or Settings()).max_examples)
        found = search.among(every, most)
        return search.drawn(self._cases(law), given) if found is None and drawn else found

    def anew(self, settings: Settings | None = None) -> Self:
        """The same laws of the machine as it is now, a mutant maybe; no case is read or kept."""
        other = copy(self)
        subject: Any = self.subject
        vars(other).update(
            subject=replace(subject, kept={}), _ways=None, _folder=None,
            _given=settings or self._given,
        )  # fmt: skip
        return other

    def ways(self) -> list[Case]:
        """The shortest ways, found once."""
        if self._ways is None:
            self._ways = self.tour()
        return self._ways

    @abstractmethod
    def tour(self) -> list[Case]:
        """Find the shortest ways."""

    @abstractmethod
    def drawn(self) -> st.SearchStrategy[Case]:
        """Cases without faults."""

    @abstractmethod
    def lines(self, case: Case) -> list[str]:
        """What becomes of the moves of a case, one line each."""

    @abstractmethod
    def types(self) -> Types:
        """The classes of what the machine records."""

    def _search(self, law: AnyLaw[S]) -> Search:
        return Search(lambda case: law.check(self.subject, case))

    def _cases(self, law: AnyLaw[S]) -> st.SearchStrategy[Case]:
        cases = self.drawn()
        return st.builds(_around, cases, faults(law.faults)) if law.faults else cases

    def _settings(self, law: AnyLaw[S]) -> Settings:
        given = self._given or Settings()
        return Settings(given, max_examples=max(FEWEST, int(given.max_examples * law.share)))

    def _fixtures(self) -> Fixtures | None:
        return (
            None
            if self._folder is None
            else Fixtures(self._folder, self.name, self.types(), self.laws, self.others)
        )


def _around(case: Case, around: tuple[Fault, ...]) -> Case:
    return replace(case, faults=around)
