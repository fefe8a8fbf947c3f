"""Where seals are kept: a file that is only ever appended to, or a URL."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from interlock.audit.errors import NotKept

TIMEOUT = 30.0
"""Seconds that a web server has for an answer."""

AUTHORIZATION = "INTERLOCK_SEAL_AUTHORIZATION"
"""Variable of the environment with the `Authorization` header for a URL."""

_NOT_FOUND = 404


class Place(Protocol):
    """Keeps the lines of all seals of one log."""

    def read(self) -> str:
        """All lines, "" for none yet.

        Raises:
            NotKept: it cannot be read.
        """
        ...

    def add(self, line: str) -> None:
        """One more line, behind those that were read; it is safe when this returns.

        Raises:
            NotKept: it cannot be written, or somebody else wrote to it meanwhile.
        """
        ...


def place_of(name: str) -> Place:
    """The place that a path or an `http(s)://` URL names."""
    if name.startswith(("http://", "https://")):
        return Web(name)
    return File(Path(name))


class File:
    """A file of JSON lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def read(self) -> str:
        """All lines."""
        try:
            raw = self._path.read_bytes()
            text = raw.decode()
        except FileNotFoundError:
            raw, text = b"", ""
        except (OSError, UnicodeDecodeError) as error:
            raise self._failed("read", error) from error
        self._read = len(raw)
        return text

    def add(self, line: str) -> None:
        """One more line, flushed to the disk, its folder too."""
        try:
            with self._path.open("ab") as file:
                if file.tell() != self._read:
                    message = f"somebody else wrote to {self._path} meanwhile; try again"
                    raise NotKept(message)
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
            with suppress(OSError):  # not every system can flush a folder
                folder = os.open(self._path.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
        except OSError as error:
            raise self._failed("written", error) from error

    def _failed(self, done: str, error: Exception) -> NotKept:
        return NotKept(f"{self._path} cannot be {done}: {getattr(error, 'strerror', error)}")


class Web:
    """A URL: GET gives all lines (404: none yet), PUT replaces them by the same and one more.

    A `PUT` is conditional (`If-Match`, or `If-None-Match: *` for the first), so that of two who
    seal at once one is refused, where the server knows `ETag`.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._text = ""
        self._etag: str | None = None
        self._new = True

    def read(self) -> str:
        """All lines."""
        try:
            with urlopen(self._request("GET"), timeout=TIMEOUT) as answer:
                self._etag = answer.headers.get("ETag")
                self._text = answer.read().decode()
                self._new = False
        except HTTPError as error:
            if error.code != _NOT_FOUND:
                raise self._failed("read", error) from error
        except (URLError, OSError, UnicodeDecodeError) as error:
            raise self._failed("read", error) from error
        return self._text

    def add(self, line: str) -> None:
        """All lines and one more."""
        request = self._request("PUT", (self._text + line).encode())
        request.add_header("Content-Type", "application/jsonl")
        if self._new:
            request.add_header("If-None-Match", "*")
        elif self._etag:
            request.add_header("If-Match", self._etag)
        try:
            with urlopen(request, timeout=TIMEOUT):
                pass
        except (URLError, OSError) as error:
            raise self._failed("written", error) from error

    def _request(self, method: str, data: bytes | None = None) -> Request:
        request = Request(self._url, data=data, method=method)
        authorization = os.environ.get(AUTHORIZATION)
        if authorization:
            request.add_header("Authorization", authorization)
        return request

    def _failed(self, done: str, error: Exception) -> NotKept:
        reason = getattr(error, "reason", None) or error
        code = f"{error.code} " if isinstance(error, HTTPError) else ""
        return NotKept(f"{self._url} cannot be {done}: {code}{reason}")
