"""Pictures, each named after the SHA-256 of its bytes: what a store of them does, and the one that is a folder."""

import asyncio
import hashlib
import os
from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock
from typing import Protocol, TypeVar

from config.settings import ConfigError
from config.words import UserError

PNG = ".png"
UNFINISHED = ".part"

T = TypeVar("T")


class PictureDamaged(Exception):
    """A stored file's bytes are no longer those that were put in."""


class PicturesAway(UserError):
    """The store does not answer at present: nobody knows what is there, and another try may go well."""


class PictureStore(Protocol):
    """Files by the first digits of their names: ab/cd/abcd….png. Whatever asks it may raise PicturesAway.

    `answers` tells whether it could do what it was asked last, as far as that was up to it.
    """

    answers: bool

    async def check(self) -> None:
        """Raise ConfigError where no picture can be kept."""

    async def put(self, data: bytes) -> str:
        """Store the bytes, and return their SHA-256, once a row may refer to it. Raises OSError."""

    async def read(self, sha256: str) -> bytes:
        """Return the picture's bytes. Raises FileNotFoundError, and PictureDamaged where they have changed."""

    async def fetch(self, sha256: str, folder: Path) -> Path:
        """Return a file of the picture: the store's own, or a copy in the folder, which goes when the caller wants.

        Raises as `read` does.
        """

    async def exists(self, sha256: str) -> bool:
        """Tell whether the picture is there."""

    async def delete(self, sha256: str) -> None:
        """Remove the picture if it is there."""

    async def sweep(self, known: Collection[str], since: datetime, until: datetime) -> list[str]:
        """Remove what was put between two moments and nobody knows, and return the names of the files removed."""


class FolderStore:
    """A folder of pictures. What was put would survive a loss of power."""

    def __init__(self, folder: Path) -> None:
        self.answers = True
        self._folder = folder
        self._sweeping = Lock()  # between looking at a file's age and removing it nobody may rejuvenate it

    def path(self, sha256: str) -> Path:
        """Return where the picture lies, or would lie."""
        return self._folder / place_of(sha256)

    async def check(self) -> None:
        """Raise ConfigError where the folder cannot be written."""
        await self._ask(self._check)

    async def put(self, data: bytes) -> str:
        """Store the bytes, and return their SHA-256. Raises OSError."""
        return await self._ask(self._put, data)

    async def read(self, sha256: str) -> bytes:
        """Return the picture's bytes. Raises FileNotFoundError, and PictureDamaged where they have changed."""
        return await self._ask(self._read, sha256)

    async def fetch(self, sha256: str, folder: Path) -> Path:
        """Return the picture's file; nothing is put into the folder. Raises FileNotFoundError."""
        path = self.path(sha256)
        await self._ask(path.stat)
        return path

    async def exists(self, sha256: str) -> bool:
        """Tell whether the picture is there."""
        return await self._ask(self.path(sha256).is_file)

    async def delete(self, sha256: str) -> None:
        """Remove the picture if it is there."""
        await self._ask(partial(self.path(sha256).unlink, missing_ok=True))

    async def sweep(self, known: Collection[str], since: datetime, until: datetime) -> list[str]:
        """Remove what was put between two moments and nobody knows, unfinished files too; return their names."""
        return await self._ask(self._sweep, known, since.timestamp(), until.timestamp())

    async def _ask(self, do: Callable[..., T], *arguments: object) -> T:
        """Return what it comes to, beside the event loop. That a picture is not there is an answer, too."""
        try:
            done = await asyncio.to_thread(do, *arguments)
        except OSError as error:
            self.answers = isinstance(error, FileNotFoundError)
            raise
        self.answers = True
        return done

    def _check(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self._folder, suffix=UNFINISHED):
                pass
        except OSError as error:
            raise ConfigError(f"pictures: {self._folder} cannot be written: {error.strerror}") from error

    def _put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256)
        with self._sweeping:
            if path.exists() and path.read_bytes() == data:
                os.utime(path)  # as good as new, in the eyes of a sweep
                return sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_durably(path, data)
        for folder in (path.parent, path.parent.parent, self._folder):
            _sync_folder(folder)
        return sha256

    def _read(self, sha256: str) -> bytes:
        return checked(self.path(sha256).read_bytes(), sha256)

    def _sweep(self, known: Collection[str], since: float, until: float) -> list[str]:
        unknown = [path for path in self._folder.glob("??/??/*") if path.stem not in known]
        return [path.name for path in unknown if self._remove_if_put_between(path, since, until)]

    def _remove_if_put_between(self, path: Path, since: float, until: float) -> bool:
        with self._sweeping:
            is_rubbish = since <= path.stat().st_mtime < until
            if is_rubbish:
                path.unlink()
            return is_rubbish


def place_of(sha256: str) -> str:
    """Return where a picture lies in every store, so that any program can copy one to another."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError(f"not a SHA-256 in lower-case hex: {sha256[:80]!r}")
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}{PNG}"


def checked(data: bytes, sha256: str) -> bytes:
    """Return the bytes. Raises PictureDamaged where they are not those of the name."""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise PictureDamaged(f"{sha256}: the file's bytes have changed")
    return data


def _write_durably(path: Path, data: bytes) -> None:
    with NamedTemporaryFile(dir=path.parent, suffix=UNFINISHED, delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
