"""Pictures on disk, each named after the SHA-256 of its bytes."""

import asyncio
import hashlib
import os
import time
from collections.abc import Collection
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock

PNG = ".png"
UNFINISHED = ".part"
DAY = 86_400.0


class PictureDamaged(Exception):
    """A stored file's bytes are no longer those that were put in."""


class PictureStore:
    """Files in folders by the first digits of their names: ab/cd/abcd….png.

    `put` returns only once the file would survive a loss of power, so that a row may refer to it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sweeping = Lock()  # between looking at a file's age and removing it nobody may rejuvenate it

    def path(self, sha256: str, suffix: str = PNG) -> Path:
        """Return where the picture lies, or would lie."""
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise ValueError(f"not a SHA-256 in lower-case hex: {sha256[:80]!r}")
        return self._folder / sha256[:2] / sha256[2:4] / f"{sha256}{suffix}"

    async def put(self, data: bytes, suffix: str = PNG) -> str:
        """Store the bytes, and return their SHA-256. Raises OSError."""
        return await asyncio.to_thread(self._put, data, suffix)

    async def read(self, sha256: str, suffix: str = PNG) -> bytes:
        """Return the picture's bytes. Raises FileNotFoundError, and PictureDamaged where they have changed."""
        return await asyncio.to_thread(self._read, sha256, suffix)

    async def exists(self, sha256: str, suffix: str = PNG) -> bool:
        """Tell whether the picture is there."""
        return await asyncio.to_thread(self.path(sha256, suffix).is_file)

    async def delete(self, sha256: str, suffix: str = PNG) -> None:
        """Remove the picture if it is there."""
        await asyncio.to_thread(self.path(sha256, suffix).unlink, missing_ok=True)

    async def sweep(self, known: Collection[str], older: float = DAY) -> list[str]:
        """Remove what nobody knows, and return the names of the files removed.

        Files put within the last `older` seconds stay: their rows may be about to be written.
        """
        return await asyncio.to_thread(self._sweep, known, older)

    def _put(self, data: bytes, suffix: str) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256, suffix)
        with self._sweeping:
            if path.exists() and path.read_bytes() == data:
                os.utime(path)  # as good as new, in the eyes of a sweep
                return sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_durably(path, data)
        for folder in (path.parent, path.parent.parent, self._folder):
            _sync_folder(folder)
        return sha256

    def _read(self, sha256: str, suffix: str) -> bytes:
        data = self.path(sha256, suffix).read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise PictureDamaged(f"{sha256}: the file's bytes have changed")
        return data

    def _sweep(self, known: Collection[str], older: float) -> list[str]:
        before = time.time() - older
        unknown = [path for path in self._folder.glob("??/??/*") if path.stem not in known]
        return [path.name for path in unknown if self._remove_if_older(path, before)]

    def _remove_if_older(self, path: Path, moment: float) -> bool:
        with self._sweeping:
            old = path.stat().st_mtime < moment
            if old:
                path.unlink()
            return old


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
