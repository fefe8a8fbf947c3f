"""Every page of docs/examples shows the code that is tested, and the picture that is drawn."""

from __future__ import annotations

import re

import pytest

from examples import pages


@pytest.mark.parametrize("name", pages.NAMES)
def test_a_page_shows_its_code_and_its_picture(name: str) -> None:
    text = pages.path(name).read_text()
    assert pages.CODE.search(text)
    assert pages.PICTURE.search(text)
    assert text == pages.made(name), "run `python tests/examples/pages.py`"


def test_the_index_names_every_page_with_its_picture() -> None:
    index = (pages.FOLDER / "README.md").read_text()
    for name in pages.NAMES:
        assert f"]({name}.md)" in index
        assert f"]({name}.md#the-picture)" in index
        assert re.search(r"^## The picture$", pages.path(name).read_text(), re.MULTILINE)
