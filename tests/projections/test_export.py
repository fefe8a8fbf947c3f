"""Export and import of histories with texts of every kind."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from engine.trouble import echoing
from interlock.engine import Engine
from interlock.projections import dump_history, load_history


@given(text=st.text() | st.sampled_from(["a\u2028b", "\x85", "\x0b\x0c\x1c\x1d", "\r\n"]))
def test_an_export_is_read_back_whatever_the_texts_hold(text: str) -> None:
    async def main() -> None:
        async with Engine("memory://", machines=[echoing]) as engine:
            run = await engine.start(echoing, text, id="run")
            await run.wait()
            history = await run.history()
        exported = dump_history(history)
        assert load_history(exported).events == history.events
        assert load_history(exported.split("\n")).ledger() == history.ledger()

    asyncio.run(main())
