"""A workflow in which personal data is everywhere that a value can be, and a lifecycle."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel

from interlock.machines import (
    Cache,
    Command,
    Debounce,
    Lifecycle,
    Personal,
    Subject,
    approval,
    each,
    on,
    parallel,
    sleep,
    step,
    wait_for,
    workflow,
)

LATER = Debounce(key="letters", quiet="1 hour")


class Person(BaseModel):
    id: Subject
    name: Personal[str]
    letters: list[Personal[str]] = []


@dataclass
class File:
    owner: Subject
    pages: dict[str, Personal[str]] = field(default_factory=dict[str, Personal[str]])


class Letter(Command):
    person: Subject
    text: Personal[str]


class Broken(Exception):
    def __init__(self, text: str, value: Personal[str]) -> None:
        super().__init__(f"cannot read {text!r}", {"it": [text]})
        self.value = value
        self.text = text


@step
async def shout(text: Personal[str]) -> Personal[str]:
    return text.map(lambda one: one + "!")


@step(cache=Cache(ttl="1 day"))
async def looked_up(person: Person) -> File:
    return File(person.id, {"name": person.name})


async def unshelve(filed: File) -> None:
    for page in filed.pages.values():
        page.reveal()


@step(compensate=unshelve)
def shelve(filed: File) -> File:
    filed.pages["again"] = filed.pages["name"]
    return filed


@step(raises=(Broken,))
async def fails(text: Personal[str]) -> None:
    try:
        raise ValueError(text.reveal())
    except ValueError as error:
        raise Broken(text.reveal(), text) from error


@workflow
async def child(name: Personal[str], others: list[Personal[str]]) -> list[Personal[str]]:
    return [name, await shout(name), *others]


@workflow
async def life(person: Person, break_it: bool = False) -> dict[str, Personal[str]]:
    filed = await looked_up(person)
    shelved = await shelve(filed)
    loud, louder = await parallel(shout(person.name), shout(shelved.pages["again"]))
    shouted = await each(shout, person.letters, concurrency=2)
    known = {person.name: 1, loud: 2}
    try:
        await fails(person.name)
    except Broken as error:
        filed.pages["broken"] = error.value
    grown = await child(person.name, shouted)
    await sleep("1 second")
    await approval("somebody", about=person)
    letter = await wait_for(Letter)
    filed.pages["letter"] = letter.text
    grown.append(letter.text)
    if break_it:
        raise Broken(letter.text.reveal(), letter.text)
    return {"name": person.name, "letter": letter.text, "louder": louder, "n": grown[len(known)]}


class Case(StrEnum):
    OPEN = "open"
    HEARD = "heard"


class CaseData(BaseModel):
    person: Subject
    text: Personal[str]
    heard: list[Personal[str]] = []


class Affair(Lifecycle[Case, CaseData], initial=Case.OPEN, final={Case.HEARD}):
    @on(Letter, source=Case.OPEN, target=Case.HEARD)
    def hear(self, data: CaseData, command: Letter) -> CaseData:
        return data.model_copy(update={"heard": [*data.heard, command.text, data.text]})
