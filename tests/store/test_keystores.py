"""Key stores: a key is there until it is destroyed, and then nowhere."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from interlock.store.keystore import KeyStore
from interlock.store.keystores import MemoryKeys, SQLiteKeys
from interlock.store.secrecy import KeyStoreError, KeyStoreLost
from interlock.store.vault import Vault

LONG = os.environ.get("INTERLOCK_PROFILE") == "long"


@pytest.fixture(params=["memory", "sqlite"])
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> KeyStore:
    return MemoryKeys() if request.param == "memory" else SQLiteKeys(tmp_path / "x-keys.db")


def test_a_subject_has_one_key_until_it_is_destroyed(keys: KeyStore) -> None:
    assert keys.identity() == ""
    assert keys.find("c-1") is None
    made = keys.create("c-1")
    assert keys.identity() != ""
    assert made.secret is not None
    assert len(made.secret) == 64
    assert keys.create("c-1") == keys.find("c-1") == keys.get(made.id) == made
    other = keys.create("c-2")
    assert other.secret != made.secret
    gone = keys.destroy("c-1")
    assert (gone.id, gone.secret) == (made.id, None)
    assert keys.create("c-1") == keys.destroy("c-1") == keys.get(made.id) == gone
    assert keys.find("c-2") == other
    assert keys.destroy("never").secret is None
    assert keys.create("never").secret is None
    assert str(made.secret) not in repr(made)


def test_a_destroyed_key_is_nowhere_in_the_file(tmp_path: Path) -> None:
    keys = SQLiteKeys(tmp_path / "x-keys.db")
    secrets = [keys.create(f"subject {n}").secret or b"" for n in range(60)]
    assert {secret for secret in secrets if secret in keys.path.read_bytes()} == set(secrets)
    other = SQLiteKeys(keys.path)
    for n in range(0, 60, 3):
        (keys if n % 2 else other).destroy(f"subject {n}")
    files = [file.read_bytes() for file in tmp_path.iterdir()]
    left = {n for n, secret in enumerate(secrets) if any(secret in f for f in files)}
    halves = {n for n, s in enumerate(secrets) if any(s[20:44] in f for f in files)}
    assert left == halves == {n for n in range(60) if n % 3}
    assert keys.find("subject 0") == other.find("subject 0")
    keys.close()
    other.close()


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    keys = SQLiteKeys(tmp_path / "x-keys.db")
    assert not keys.path.exists()
    keys.create("c-1")
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600
    keys.close()
    assert keys.find("c-1") is not None  # it is opened again
    keys.close()


def test_a_lost_replaced_or_damaged_file_is_told_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x-keys.db"
    keys = SQLiteKeys(path)
    vault = Vault(keys)
    key, data = vault.seal("c-1", b"text")
    vault.bound = keys.identity()
    moved = path.rename(tmp_path / "elsewhere")
    for _ in range(2):
        with pytest.raises(KeyStoreLost, match="is not there"):
            vault.seal("c-2", b"more")
        with pytest.raises(KeyStoreLost, match="Nothing was erased"):
            vault.open("c-1", key, data)
        assert not path.exists()
    path.touch()
    with pytest.raises(KeyStoreLost, match="is empty"):
        vault.open("c-1", key, data)
    SQLiteKeys(path).create("c-1")
    with pytest.raises(KeyStoreLost, match="is another one"):
        vault.open("c-1", key, data)
    with pytest.raises(KeyStoreLost, match="is another one"):
        vault.seal("c-1", b"more")
    path.write_bytes(b"something else" * 100)
    with pytest.raises(KeyStoreLost, match="is not a key store"):
        vault.open("c-1", key, data)
    assert path.read_bytes() == b"something else" * 100
    moved.replace(path)
    assert vault.open("c-1", key, data) == b"text"
    keys.close()


def test_a_flipped_bit_of_the_file_is_never_another_value(tmp_path: Path) -> None:
    """A value is what it was, or an error says that it cannot be read; nobody is forgotten."""
    keys = SQLiteKeys(tmp_path / "x-keys.db")
    vault = Vault(keys)
    contents = {name: name.encode() * 3 for name in ("anna", "bert")}
    values = {name: vault.seal(name, content) for name, content in contents.items()}
    bound = keys.identity()
    keys.close()
    sound = keys.path.read_bytes()
    seen = set[str]()
    places = [place for place, byte in enumerate(sound) if byte]
    for place in places[:: 1 if LONG else 5]:
        raw = bytearray(sound)
        raw[place] ^= 1 << place % 8
        keys.path.write_bytes(raw)
        flipped = Vault(SQLiteKeys(keys.path), bound)
        for name, content in contents.items():
            try:
                assert flipped.open(name, *values[name]) == content
                seen.add("as it was")
            except KeyStoreError as error:
                seen.add(type(error).__name__)
        flipped.keys.close()
    assert {"as it was", "KeyStoreError", "KeyStoreLost"} <= seen
    assert "Forgotten" not in seen


@pytest.mark.parametrize("place", [0, 31, 32, 63])
def test_nothing_is_encrypted_with_a_key_that_was_altered(tmp_path: Path, place: int) -> None:
    keys = SQLiteKeys(tmp_path / "x-keys.db")
    vault = Vault(keys)
    value = vault.seal("anna", b"a name")
    made = keys.find("anna")
    assert made is not None
    assert made.secret is not None
    secret = bytearray(made.secret)
    secret[place] ^= 1
    with closing(sqlite3.connect(keys.path)) as database:
        database.execute("UPDATE interlock_keys SET secret = ?", (bytes(secret),))
        database.commit()
    with pytest.raises(KeyStoreError, match="damaged"):
        vault.seal("anna", b"another")
    with pytest.raises(KeyStoreError, match="damaged"):
        vault.open("anna", *value)
    keys.close()


def test_a_key_of_an_older_release_serves_as_before(tmp_path: Path) -> None:
    keys = SQLiteKeys(tmp_path / "x-keys.db")
    keys.create("other")
    with closing(sqlite3.connect(keys.path)) as database:
        old = ("anna", "0123456789abcdef", bytes(range(64)))
        database.execute("INSERT INTO interlock_keys VALUES (?,?,?)", old)
        database.commit()
    vault = Vault(keys)
    assert vault.open("anna", *vault.seal("anna", b"a name")) == b"a name"
    keys.close()
