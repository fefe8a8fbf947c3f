"""Audits from the command line: `verify`, `seal`, `prove`."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Generator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from cli.kit import ORDERS, Invoke, document
from interlock.audit import Seal


def alter(store: str, statement: str) -> None:
    with closing(sqlite3.connect(store.removeprefix("sqlite:///"))) as database:
        assert database.execute(statement).rowcount
        database.commit()


RECEIPT = (
    "UPDATE stored_events SET state = CAST(replace(state, 'receipt-order-1', 'receipt-order-8')"
    " AS BLOB) WHERE originator_id = 'order-1' AND originator_version = 3"
)


def test_a_whole_database_is_verified(il: Invoke) -> None:
    assert il("verify").stdout.startswith(f"{len(ORDERS) + 1} streams, ")
    assert il("verify").stdout.endswith(": sound\n")
    assert il("verify", "order-1").stdout.startswith("1 stream, ")
    told = document(il("verify", "--json"))
    assert (told["sound"], told["first"], told["findings"]) == (True, None, [])
    assert told["events"] == told["last"]


def test_an_altered_event_is_named(il: Invoke, store: str) -> None:
    alter(store, RECEIPT)
    result = il("verify")
    assert result.exit_code == 1
    assert "event 3 of 'order-1' was altered" in result.stdout
    assert "error ILK014" in result.stderr
    assert il("verify", "order-2").exit_code == 0
    told = il("verify", "order-1", "--json")
    assert told.exit_code == 1
    assert document(told)["first"]["version"] == 3


def test_an_index_that_says_something_else_is_found(il: Invoke, store: str) -> None:
    alter(store, "UPDATE interlock_entries SET state = 'ship' WHERE run = 'order-2'")
    told = document(il("verify", "--json"))
    assert told["count"] == 1
    assert "its state is 'ship'; from its events it is 'approval:manager'" in told["first"]["what"]


def test_seals_are_added_and_a_log_is_held_against_them(
    il: Invoke, store: str, tmp_path: Path
) -> None:
    seals = str(tmp_path / "seals.jsonl")
    assert il("seal", "--to", seals).stdout.startswith("seal 1: positions 1 to ")
    assert il("seal", "--to", seals).stdout.startswith("nothing new to seal: 1 seal")
    assert document(il("seal", "--to", seals, "--json"))["new"] is False
    il("approve", "order-2", "manager", "--by", "ann")
    assert "since then" in il("verify", "--seal", seals).stdout
    assert document(il("seal", "--to", seals, "--json"))["number"] == 2
    verified = il("verify", "--seal", seals)
    assert "2 seals, up to position" in verified.stdout
    assert "since" not in verified.stdout
    alter(store, "DELETE FROM stored_events WHERE rowid = (SELECT MAX(rowid) FROM stored_events)")
    result = il("verify", "--seal", seals)
    assert result.exit_code == 1
    assert "the first one missing" in result.stdout
    assert "error ILK027" in il("seal", "--to", seals).stderr


def test_a_seal_is_signed_and_the_key_is_asked_for(il: Invoke, tmp_path: Path) -> None:
    key, other, seals = (str(tmp_path / name) for name in ("key", "other", "seals.jsonl"))
    public = document(il("seal", "--new-key", key, "--json"))["public"]
    assert "is there already" in il("seal", "--new-key", key).stderr
    il("seal", "--new-key", other)
    assert document(il("seal", "--to", seals, "--key", key, "--json"))["key"] == public
    assert il("verify", "--seal", seals, "--key", f"{key}.pub").exit_code == 0
    wrong = il("verify", "--seal", seals, "--key", f"{other}.pub")
    assert wrong.exit_code == 1
    assert f"signed with key {public[:16]}" in wrong.stdout
    assert "error ILK029" in il("seal", "--to", seals, "--key", seals).stderr


def test_signed_seals_are_not_gone_on_with_without_their_key(il: Invoke, tmp_path: Path) -> None:
    key, other, seals = (str(tmp_path / name) for name in ("key", "other", "seals.jsonl"))
    for one in (key, other):
        il("seal", "--new-key", one)
    il("seal", "--to", seals, "--key", key)
    il("approve", "order-2", "manager", "--by", "ann")
    kept = Path(seals).read_text()
    assert "error ILK280" in (refused := il("seal", "--to", seals)).stderr
    assert "begin a new place" in refused.stderr
    assert "error ILK280" in il("seal", "--to", seals, "--key", other).stderr
    assert Path(seals).read_text() == kept
    assert il("seal", "--to", seals, "--key", key).exit_code == 0
    assert il("verify", "--seal", seals, "--key", key).exit_code == 0


def test_a_proof_says_whose_seal_it_rests_on(il: Invoke, tmp_path: Path) -> None:
    key, other, seals, file = (str(tmp_path / name) for name in ("key", "other", "seals", "p"))
    for one in (key, other):
        il("seal", "--new-key", one)
    il("seal", "--to", seals, "--key", key)
    il("prove", "order-1", "2", "--seal", seals, "-o", file)
    assert "give --seal FILE or --key FILE" in il("verify", "--proof", file).stdout
    known = il("verify", "--proof", file, "--key", key).stdout
    assert ", the one given" in known
    assert "compare" not in known
    wrong = il("verify", "--proof", file, "--key", other)
    assert "its seal is signed with key" in wrong.stderr
    il("seal", "--to", f"{seals}-2")
    il("prove", "order-1", "2", "--seal", f"{seals}-2", "-o", file)
    assert "its seal is not signed, and should be" in (
        il("verify", "--proof", file, "--key", key).stderr
    )


def test_who_sealed_is_told_from_what_was_altered(il: Invoke, store: str, tmp_path: Path) -> None:
    key, signed, plain = (str(tmp_path / name) for name in ("key", "signed", "plain"))
    il("seal", "--new-key", key)
    il("seal", "--to", plain)
    il("seal", "--to", signed, "--key", key)
    unsigned = il("verify", "--seal", plain, "--key", key)
    assert unsigned.exit_code == 1
    assert "error ILK281: the database is as these seals say, but seal 1 is not signed, and" in (
        unsigned.stderr
    )
    il("approve", "order-2", "manager", "--by", "ann")
    il("seal", "--to", plain)
    chained = json.loads(Path(plain).read_text().splitlines()[1])
    chained["previous"] = json.loads(Path(signed).read_text())["digest"]
    slipped_in = Seal(**chained).ended().line()
    Path(signed).write_text(Path(signed).read_text() + slipped_in)
    mixed = il("verify", "--seal", signed)  # no key is needed to see that
    assert "seal 2 is not signed, and those before it are, with key" in mixed.stdout
    assert "error ILK281" in mixed.stderr
    assert "error ILK026" in il("seal", "--to", signed).stderr
    alter(store, RECEIPT)
    assert "error ILK014: the database was altered" in il("verify", "--seal", signed).stderr


def test_seals_of_another_database_are_called_so(il: Invoke, tmp_path: Path) -> None:
    il("seal", "--to", str(tmp_path / "seals"))
    other = f"sqlite:///{tmp_path}/other.db"
    il("import", "-", "--store", other, input=il("export", "order-1").stdout)
    result = il("verify", "--seal", str(tmp_path / "seals"), "--store", other)
    assert "error ILK014: these are not the seals of this database" in result.stderr


def test_what_was_archived_is_verified_and_proven_where_it_is_now(
    il: Invoke, tmp_path: Path
) -> None:
    seals, file = str(tmp_path / "seals"), str(tmp_path / "proof.json")
    assert il("prove", "order-1", "2", "--seal", "x", "--from", "nowhere").exit_code == 1
    il("archive", "--older", "0 seconds", "--to", str(tmp_path / "one"))
    il("seal", "--to", seals)
    assert il("prove", "order-1", "2", "--seal", seals, "-o", file).exit_code == 0
    assert il("verify", "--proof", file, "--seal", seals).exit_code == 0
    (tmp_path / "one").rename(tmp_path / "two")
    moved = ("--from", str(tmp_path / "two"))
    gone = il("prove", "order-1", "2", "--seal", seals)
    assert "error ILK016" in gone.stderr
    assert "--from FOLDER" in gone.stderr
    assert il("prove", "order-1", "2", "--seal", seals, *moved).stdout == Path(file).read_text()
    assert "no event 99" in il("prove", "order-1", "99", "--seal", seals, *moved).stderr
    assert "not looked into" in il("verify").stdout
    assert "not looked into" not in il("verify", *moved).stdout
    (archive,) = (tmp_path / "two").glob("*.gz")
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-20])
    cut = il("verify", *moved)
    assert cut.exit_code == 1
    assert f"has all events, and is not what was written: {archive} was altered" in cut.stdout
    header = bytearray(whole)
    header[4] ^= 1  # of the time in the header of the first part, which nobody reads
    archive.write_bytes(header)
    assert "has another SHA-256 than was recorded" in il("verify", *moved).stdout
    archive.write_bytes(whole[: len(whole) // 2])
    half = document(il("verify", *moved, "--json"))["first"]
    assert half["what"].startswith(f"event {half['version']} of {half['run']!r} cannot be read")
    archive.write_bytes(b"")
    empty = document(il("verify", *moved, "--json"))["first"]
    assert (empty["run"] in {"order-1", "order-3"}, empty["version"]) == (True, 1)
    assert "there is no such folder" in il("verify", "--from", "nowhere").stderr


def test_a_proof_is_checked_without_a_database(il: Invoke, tmp_path: Path) -> None:
    seals, file = str(tmp_path / "seals.jsonl"), tmp_path / "proof.json"
    il("seal", "--to", seals)
    assert il("prove", "order-1", "2", "--seal", seals, "-o", str(file)).exit_code == 0
    nowhere = f"sqlite:///{tmp_path}/none.db"
    checked = il("verify", "--proof", str(file), "--store", nowhere)
    assert checked.stdout.startswith("event 2 of order-1 (")
    assert "give --seal FILE,\nor compare its digest" in checked.stdout
    known = il("verify", "--proof", str(file), "--seal", seals).stdout
    assert f", which is kept in {seals}, log " in known
    assert "compare" not in known
    assert document(il("verify", "--proof", str(file), "--json"))["holds"] is True
    proof = json.loads(file.read_text())
    proof["event"]["stored"] = proof["event"]["stored"].replace("order-1", "order-8")
    file.write_text(json.dumps(proof))
    assert "error ILK028" in il("verify", "--proof", str(file)).stderr
    assert "no event 99" in il("prove", "order-1", "99", "--seal", seals).stderr
    assert "error ILK028" in il("verify", "--proof", "-", input="{}").stderr


def test_what_is_not_said_is_asked_for(il: Invoke, tmp_path: Path) -> None:
    assert il("seal").exit_code == 2
    assert il("prove", "order-1", "2").exit_code == 2
    nothing = str(tmp_path / "nothing.jsonl")
    assert "holds no seals" in il("verify", "--seal", nothing).stderr
    (tmp_path / "torn.jsonl").write_text('{"format":')
    assert "was it cut off" in il("verify", "--seal", str(tmp_path / "torn.jsonl")).stderr


class _Shelf(BaseHTTPRequestHandler):
    """Keeps one document, with an ETag."""

    kept: ClassVar[bytes] = b""
    asked: ClassVar[list[tuple[str, str | None, str | None]]] = []

    def do_GET(self) -> None:
        if not self.kept:
            self.send_error(404)
            return
        self._answer(self.kept)

    def do_PUT(self) -> None:
        match, none = self.headers["If-Match"], self.headers["If-None-Match"]
        self.asked.append(("PUT", match, none))
        if (match not in (None, self._etag())) or (none and self.kept):
            self.send_error(412)
            return
        type(self).kept = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(b"")

    def _etag(self) -> str:
        return f'"{len(self.kept)}"'

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("ETag", self._etag())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as the base says
        pass


@pytest.fixture
def shelf() -> Generator[str]:
    _Shelf.kept, _Shelf.asked = b"", []
    with HTTPServer(("127.0.0.1", 0), _Shelf) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/seals.jsonl"
        server.shutdown()
        thread.join()


def test_seals_are_kept_by_a_web_server(il: Invoke, shelf: str) -> None:
    assert il("seal", "--to", shelf).exit_code == 0
    il("approve", "order-2", "manager", "--by", "ann")
    assert document(il("seal", "--to", shelf, "--json"))["number"] == 2
    assert _Shelf.kept.count(b"\n") == 2
    assert [(match is None, none) for _, match, none in _Shelf.asked] == [
        (True, "*"),
        (False, None),
    ]
    assert il("verify", "--seal", shelf).exit_code == 0
    _Shelf.kept = _Shelf.kept.split(b"\n")[1]
    assert "error ILK026" in il("verify", "--seal", shelf).stderr
    assert "error ILK120" in il("seal", "--to", "http://127.0.0.1:9/seals").stderr
