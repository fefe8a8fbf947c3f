"""The page of a run: it says what happened, loads nothing, and keeps every text in its place."""

from __future__ import annotations

import asyncio
from html.parser import HTMLParser
from pathlib import Path

from audit.test_evidence import exported
from interlock.cli.page import page
from interlock.engine import Engine, acting
from interlock.engine.evidence import evidence
from interlock.machines import approval, step, workflow

HOSTILE = "</pre><script>alert('1')</script><img src=x onerror=alert(2)>&\"'"
VOID = {"meta", "br", "link", "img", "rect", "path"}


@step
async def echo(text: str) -> str:
    return text


@workflow(name="page-hostile")
async def hostile(text: str) -> str:
    kept = await echo(text)
    decision = await approval("boss", about={"text": kept})
    return decision.reason


class Read(HTMLParser):
    """The tags and the words of a page; raises where tags do not close each other."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


async def test_nothing_that_a_run_says_gets_out_of_its_place() -> None:
    async with Engine("memory://") as engine:
        with acting(HOSTILE, reason=HOSTILE, correlation=HOSTILE):
            await engine.start(hostile, HOSTILE, id=HOSTILE)
            await engine.settle()
            await engine.approve(HOSTILE, "boss")
        await engine.settle()
        text = page(await evidence(engine.store, HOSTILE))
    read = Read(text)
    assert not {"script", "img", "iframe", "object", "link", "form"} & {*read.tags}
    assert read.links == []
    assert sum(HOSTILE in words for words in read.words) > 5
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


def test_every_run_has_a_page_that_says_what_happened(whole: Path) -> None:
    for run, text in exported(whole).items():
        read = Read(page(text))
        said = " ".join(read.words)
        assert run in said
        assert "svg" in read.tags
        for line in text.splitlines():
            if line.startswith('{"kind":"effect"'):
                assert line.partition('"step":"')[2].partition('"')[0] in said
    words = " ".join(Read(page(exported(whole)["order-2"])).words)
    for wanted in ("a good customer", "mia", "granted", '"total": "500"', "sound when"):
        assert wanted in words


def test_proofs_are_shown(whole: Path) -> None:
    from audit.test_seals_law import NOON, inspected
    from interlock.audit import make_seal
    from interlock.store import open_store

    with inspected(whole) as snapshot:
        seal = make_seal(snapshot, [], NOON)
    assert seal is not None

    async def sealed() -> str:
        store = open_store(f"sqlite:///{whole}", readonly=True)
        try:
            return await evidence(store, "order-2", [seal])
        finally:
            await store.close()

    text = page(asyncio.run(sealed()))
    assert seal.digest in text
    assert "under seal 1" in text
