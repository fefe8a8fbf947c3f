"""The library's own test classes, on the recorder that the SQLite backend is built on."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.persistence import ApplicationRecorder, ProcessRecorder, StoredEvent
from eventsourcing.tests.persistence import (
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
    ProcessRecorderTestCase,
    TrackingRecorderTestCase,
)

from interlock.store.backends.sqlite.recorder import Datastore, Recorder


class _Files:
    """A recorder on a new file for each test, released before the file goes."""

    def setUp(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._open: list[Datastore] = []
        self._threads = set(threading.enumerate())

    def tearDown(self) -> None:
        # The library's tests leave readers behind that they told to stop. A connection that is
        # closed while one of them still reads brings the interpreter down.
        for thread in set(threading.enumerate()) - self._threads:
            thread.join()
        for datastore in self._open:
            datastore.close()
        self._folder.cleanup()

    def create_recorder(self) -> Recorder:
        datastore = Datastore(Path(self._folder.name, "events.db").as_uri())
        self._open.append(datastore)
        recorder = Recorder(datastore)
        recorder.create_table()
        return recorder

    def new_originator_id(self) -> UUID | str:
        return str(uuid4())


class TestApplication(_Files, ApplicationRecorderTestCase[Any]):
    pass


class TestNotifications(_Files, NonInterleavingNotificationIDsBaseCase):
    insert_num = 200


class TestProcess(_Files, ProcessRecorderTestCase):
    pass


class TestTracking(_Files, TrackingRecorderTestCase):
    pass


# A class that is imported would be collected by itself, and it is abstract.
del ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase
del ProcessRecorderTestCase, TrackingRecorderTestCase


def test_ids_are_never_used_again(tmp_path: Path) -> None:
    datastore = Datastore((tmp_path / "events.db").as_uri())
    recorder = Recorder(datastore)
    recorder.create_table()
    events = [StoredEvent("a", version, "topic", b"{}") for version in (1, 2, 3)]
    assert recorder.insert_events(events) == [1, 2, 3]
    with datastore.transaction(commit=True) as cursor:
        cursor.execute("DELETE FROM stored_events WHERE rowid > 1")
    assert recorder.insert_events(events[1:]) == [4, 5]
    assert isinstance(recorder, ApplicationRecorder)
    assert isinstance(recorder, ProcessRecorder)
    datastore.close()
