"""Law: every atom comes back from JSON text as it was, class and all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from interlock.store.values import decode_whole, digest, digest_named, encode_whole, plain
from store.values_kit import ATOMS, KEYS, Same, all_types

TYPES = all_types()


def through_text(value: Any) -> Any:
    encoded = encode_whole(TYPES, value)
    text = msgspec.json.encode(encoded)
    assert msgspec.json.decode(text) == encoded or "nan" in repr(encoded)
    return decode_whole(TYPES, msgspec.json.decode(text))


@pytest.mark.parametrize("atom", ATOMS, ids=repr)
def test_an_atom_comes_back(atom: Any) -> None:
    Same()(atom, through_text(atom))


@given(
    st.one_of(
        st.text(st.characters(exclude_categories=())), st.integers(), st.floats(), st.binary(),
        st.datetimes(timezones=st.timezones() | st.none(), allow_imaginary=False),
        st.times(timezones=st.timezones() | st.none()), st.dates(), st.timedeltas(), st.uuids(),
        st.decimals(),
    )
)  # fmt: skip
def test_any_atom_comes_back(atom: Any) -> None:
    Same()(atom, through_text(atom))


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner) | st.tuples(inner)


@given(st.recursive(st.sampled_from(ATOMS) | st.text(), containers))
def test_a_whole_value_comes_back_and_keeps_its_digest(value: Any) -> None:
    back = through_text(value)
    Same()(value, back)
    assert digest(TYPES, value) == digest(TYPES, back)
    msgspec.json.encode(plain(encode_whole(TYPES, value)))  # plain JSON


def test_an_instant_that_pydantic_made_keeps_its_zone() -> None:
    class Stamped(BaseModel):
        at: datetime

    made = Stamped.model_validate_json('{"at": "2024-01-01T10:00:00+02:00"}').at
    back = through_text(made)
    assert back == made
    assert type(back.tzinfo) is type(made.tzinfo)
    assert digest(TYPES, made) == digest(TYPES, made.astimezone(UTC))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}),
        ({"x", "y", "z"}, {"z", "y", "x"}),
        (TYPES.find("Order")(number=1), TYPES.find("Order")(number=1, lines=[])),
    ],
    ids=["key order", "set", "fields set"],
)
def test_equal_values_have_one_digest(left: Any, right: Any) -> None:
    assert left == right
    assert digest(TYPES, left) == digest(TYPES, right)


@pytest.mark.parametrize(
    ("left", "right"), [(1, "1"), (1, 2), ([1], (1,)), ({"a": None}, {}), ([1, 2], [2, 1])]
)
def test_other_values_have_other_digests(left: Any, right: Any) -> None:
    assert digest(TYPES, left) != digest(TYPES, right)


@given(
    st.dictionaries(
        st.text("abAB_09zäß人", min_size=1, max_size=3).filter(str.isidentifier),
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.integers(2**62, 2**66), st.floats(),
            st.text(st.characters(exclude_categories=())), st.lists(st.integers()),
        ),
    )
)  # fmt: skip
def test_a_digest_of_named_values_is_that_of_their_dict(named: dict[str, Any]) -> None:
    assert digest_named(TYPES, named) == digest(TYPES, named)
