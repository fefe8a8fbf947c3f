"""XML read into plain items with their lines; document types and entities are refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers.expat import ExpatError, ParserCreate

from interlock.machines.interchange.leftover import BadDocument

DEEPEST = 100
"""How deep elements may be nested."""


@dataclass(slots=True)
class Item:
    """An element.

    Attributes:
        namespace, tag: its name.
        line: where it begins.
        attributes: by name; those in a namespace as `namespace name`.
        children: the elements inside, text left out.
    """

    namespace: str
    tag: str
    line: int
    attributes: dict[str, str]
    children: list[Item] = field(default_factory=list["Item"])


def read_xml(text: str) -> Item:
    """The root of a document.

    A document without a document type declaration can declare no entities, so that neither
    files of the reader nor texts that grow without end can be brought in.

    Raises:
        BadDocument: it is not XML, has such a declaration, or is nested too deep.
    """
    if "<!DOCTYPE" in text:
        what = "the document has a document type declaration (DTD), which is refused; remove it"
        raise BadDocument(what)
    parser = ParserCreate("utf-8", " ")
    above: list[Item] = []
    roots: list[Item] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        namespace, _, tag = name.rpartition(" ")
        item = Item(namespace, tag, parser.CurrentLineNumber, attributes)
        (above[-1].children if above else roots).append(item)
        above.append(item)
        if len(above) > DEEPEST:
            what = f"line {item.line}: elements are nested deeper than {DEEPEST}"
            raise BadDocument(what)

    def end(_name: str) -> None:
        above.pop()

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(text.encode(), True)
    except (ExpatError, UnicodeEncodeError) as error:
        what = f"the document is not well-formed XML: {error}"
        raise BadDocument(what) from error
    return roots[0]
