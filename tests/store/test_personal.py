"""Personal values: never shown, recorded encrypted, gone with their key."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import date
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from interlock.store.errors import InterlockError, Unrecordable
from interlock.store.keystores import MemoryKeys
from interlock.store.secrecy import Forgotten, KeyMissing, KeyStoreError, NoKeyStore
from interlock.store.values import (
    Image,
    Memory,
    Personal,
    Subject,
    Types,
    decode_whole,
    digest,
    encode_whole,
    plain,
)
from interlock.store.values.atom import class_of
from interlock.store.vault import Vault
from store.personal_kit import Address, Caller, Customer, Patient, traces, types_with
from store.values_kit import fold

CONTENTS: st.SearchStrategy[Any] = st.one_of(
    st.text(), st.binary(max_size=80), st.integers(), st.dates(), st.floats(allow_nan=False)
)


@given(CONTENTS)
def test_what_is_recorded_comes_back_and_says_nothing_of_its_content(content: Any) -> None:
    types = types_with()
    value = Personal(content, subject="c-1")
    encoded = encode_whole(types, value)
    back = decode_whole(types, json.loads(json.dumps(encoded)))
    assert isinstance(back, Personal)
    revealed = cast("Personal[object]", back).reveal()
    assert (revealed, class_of(revealed)) == (content, type(content))
    assert back == value == Personal(content)
    recorded = msgspec.json.encode(encoded)
    if isinstance(content, str) and len(content) > 3:
        assert not [trace for trace in traces(content) if len(trace) > 5 and trace in recorded]


@given(st.text(), st.text())
def test_equal_contents_of_a_subject_are_recorded_alike_and_no_others(a: str, b: str) -> None:
    types = types_with()
    first, again, other = (Personal(text, subject="c-1") for text in (a, a, b))
    assert encode_whole(types, first) == encode_whole(types, again)
    assert (encode_whole(types, first) == encode_whole(types, other)) is (a == b)
    assert (digest(types, [first]) == digest(types, [other])) is (a == b)
    stranger = encode_whole(types, Personal(a, subject="c-2"))
    assert encode_whole(types, first) != stranger


def test_nothing_that_shows_a_value_shows_its_content() -> None:
    types = types_with()
    customer = Customer(id="c-1", name=Personal("Ann Smith"), emails=[Personal("ann@x.org")])
    for _ in range(2):  # before and after it was recorded
        name = customer.name
        shown = [
            f"{name}", f"{name!r:>20}", str(name), "%s" % name, repr(customer),  # noqa: UP031  a form
            customer.model_dump_json(), str(customer.model_dump()), repr([name]),
        ]  # fmt: skip
        assert not [text for text in shown if "Ann" in text or "ann@" in text]
        encode_whole(types, customer)
    assert repr(customer.name) == "<personal c-1>"
    assert customer.model_dump_json(context={"reveal": True}) == (
        '{"id":"c-1","name":"Ann Smith","emails":["ann@x.org"]}'
    )
    assert plain(encode_whole(types, customer))["name"] == "<personal c-1>"  # type: ignore[index, call-overload]  # a dict
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(customer.name)
    assert copy.deepcopy(customer.name) is customer.name


def test_the_subject_is_that_of_the_nearest_object_that_names_one() -> None:
    types = types_with()
    patient = Patient("p-1", Personal(1980), Address(Personal("High St")), {"x": Personal("seen")})
    encode_whole(types, [patient, Caller("t-1", Personal("555"))])
    home = patient.home
    assert home is not None
    subjects = {patient.born.subject, home.street.subject, patient.notes["x"].subject}
    assert subjects == {"p-1"}
    mine = Customer(id="c-1", name=Personal("Ann", subject="c-9"))
    encode_whole(types, mine)
    assert mine.name.subject == "c-9"
    assert mine.name.map(str.upper).subject == "c-9"
    assert mine.name.map(str.upper).reveal() == "ANN"


def test_a_value_without_a_subject_is_refused_where_it_is() -> None:
    class Loose(BaseModel):
        text: Personal[str]

    types = types_with()
    types.collect(Loose)
    with pytest.raises(Unrecordable, match=r"^ILK012: order\.text .*Subject") as caught:
        encode_whole(types, Loose(text=Personal("secret")), "order")
    assert "secret" not in str(caught.value)


def test_a_class_names_one_subject() -> None:
    class Two(BaseModel):
        a: Subject
        b: Subject

    types = types_with()
    types.collect(Two)
    with pytest.raises(InterlockError, match="two subjects, a and b"):
        encode_whole(types, Two(a="1", b="2"))


def test_pydantic_reads_contents_and_refuses_what_a_value_shows() -> None:
    class Form(BaseModel):
        id: Subject
        born: Personal[date]

    form = Form.model_validate_json('{"id": "c-1", "born": "1980-02-03"}')
    assert form.born.reveal() == date(1980, 2, 3)
    given_subject = Form.model_validate(
        {"id": "c-1", "born": {"value": "1980-02-03", "subject": "c-2"}}
    )
    assert given_subject.born.subject == "c-2"
    assert Form.model_validate(form.model_dump()).born is form.born
    with pytest.raises(ValidationError):
        Form.model_validate({"id": "c-1", "born": "no date"})
    with pytest.raises(ValidationError, match="give the content"):
        Customer.model_validate_json(Customer(id="c", name=Personal("A")).model_dump_json())


def test_a_destroyed_key_takes_all_of_a_subject_with_it_and_nothing_else() -> None:
    keys = MemoryKeys()
    types = types_with(Vault(keys))
    ann = Customer(id="c-1", name=Personal("Ann"), emails=[Personal("a@x"), Personal("b@x")])
    bob = Customer(id="c-2", name=Personal("Bob"))
    encoded = encode_whole(types, [ann, bob])
    before = digest(types, ann)
    keys.destroy("c-1")
    back = cast("list[Customer]", decode_whole(types, encoded))
    for one in (ann, back[0]):
        assert one.name.forgotten
        assert one == ann
        assert one.emails[0] != one.emails[1]
        with pytest.raises(Forgotten, match="c-1") as caught:
            one.name.reveal()
        assert caught.value.subject == "c-1"
    assert encode_whole(types, back) == encoded
    assert digest(types, back[0]) == before
    assert back[1].name.reveal() == "Bob"
    late = Personal("again", subject="c-1")
    assert encode_whole(types, late) == {"$": "personal", "s": "c-1", "k": "", "v": ""}
    assert late.forgotten
    assert late != Personal("again")
    assert repr(late) == "<forgotten c-1>"


def test_what_cannot_be_read_is_not_taken_for_what_was_erased() -> None:
    types = types_with()
    encoded: Any = encode_whole(types, Personal("Ann", subject="c-1"))
    elsewhere = decode_whole(types_with(), encoded)
    nowhere = decode_whole(Types(), encoded)
    altered = decode_whole(types, encoded | {"v": encoded["v"][:-8] + "AAAAAAA="})
    moved = decode_whole(types, encoded | {"s": "c-2"})
    expected = [(elsewhere, KeyMissing), (nowhere, NoKeyStore), (altered, KeyStoreError),
                (moved, KeyMissing)]  # fmt: skip
    for value, error in expected:
        assert isinstance(value, Personal)
        with pytest.raises(error) as caught:
            value.reveal()
        assert not isinstance(caught.value, Forgotten)


def test_a_value_that_goes_to_another_log_is_encrypted_by_that_ones_keys() -> None:
    here, there = types_with(), types_with()
    value = Personal("Ann", subject="c-1")
    encode_whole(here, value)
    back = decode_whole(there, encode_whole(there, value))
    assert isinstance(back, Personal)
    assert back.reveal() == "Ann"
    assert here.vault is not None
    here.vault.keys.destroy("c-1")
    assert back.reveal() == "Ann"
    assert value.forgotten


def test_a_content_that_can_change_is_a_copy() -> None:
    types = types_with()
    lines = ["a"]
    value = Personal(lines, subject="c-1")
    lines.append("b")
    value.reveal().append("c")
    assert value.reveal() == ["a"]
    encode_whole(types, value)
    value.reveal().append("d")
    assert value.reveal() == ["a"]


def test_a_run_records_a_personal_value_once_and_refers_to_it() -> None:
    memory = Memory(types_with())
    image = Image()
    name = Personal("Ann", subject="c-1")
    frame: dict[str, Any] = {"a": name, "b": [name], "c": {name: 1}, "d": {name}}
    fold(image, memory.record(frame, sorted(frame), {}, []))
    kept = [node for node in image.nodes.values() if isinstance(node, dict) and "k" in node]
    assert len(kept) == 1
    back: dict[str, Any] = Memory.restore(memory.types, image)[1]
    assert back["a"] is back["b"][0] is next(iter(back["c"])) is next(iter(back["d"]))
    assert back["a"] == name
    image.forget("c-1")
    assert image.plain_variables()["a"] == "<forgotten c-1>"
