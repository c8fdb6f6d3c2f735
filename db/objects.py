"""Pictures in an S3-compatible object store, under the names that they have in a folder."""

import asyncio
import hashlib
import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError
from s3fs import S3FileSystem

from config.settings import ConfigError
from db.images import PNG, PicturesAway, checked, place_of

CALL_SECONDS = 30.0
LIST_SECONDS = 600.0  # for the names of all that is there, a thousand at a time
PUT_PATIENCE = 60.0  # seconds: what was drawn costs more than to wait
PATIENCE = 10.0  # seconds
REST_SECONDS = 2.0  # between two tries
PICTURE = re.compile(rf"[0-9a-f]{{2}}/[0-9a-f]{{2}}/([0-9a-f]{{64}}){re.escape(PNG)}")
PROBE = "probe"  # what is written to see whether anything can be
AWAY = (OSError, BotoCoreError, ClientError, aiohttp.ClientError)  # what a store that is not there comes to
CONNECTION = {"connect_timeout": 5, "read_timeout": 20, "retries": {"mode": "standard", "total_max_attempts": 1}}

T = TypeVar("T")
Ask = Callable[[], Coroutine[Any, Any, T]]

log = logging.getLogger(__name__)


class ObjectStore:
    """A bucket's pictures, below a prefix. The store keeps what it has confirmed, and shows an object whole or not.

    Credentials, region and endpoint come from the environment, by the names that all programs for S3 know.
    """

    def __init__(self, files: S3FileSystem, root: str, patience: float, call: float) -> None:
        self.answers = True
        self._files = files  # it works on a thread of its own
        self._root = root.rstrip("/")
        self._patience = patience
        self._call = call

    @classmethod
    @asynccontextmanager
    async def opened(cls, root: str, *, patience: float = PATIENCE, call: float = CALL_SECONDS) -> AsyncIterator[Self]:
        """Open the store at bucket/prefix; whether anything answers is for `check` to find out.

        Both times are in seconds: the patience for what somebody waits for, and a call's, with all that it takes.
        """
        files = S3FileSystem(skip_instance_cache=True, use_listings_cache=False, config_kwargs=CONNECTION)
        try:
            yield cls(files, root, patience, call)
        finally:
            if files._s3 is not None:
                await asyncio.to_thread(files.close_session, files.loop, files._s3)

    async def check(self) -> None:
        """Raise ConfigError where no picture can be kept: no such bucket, no right to write, nobody who answers."""
        try:
            await self._try(lambda: self._files._pipe_file(f"{self._root}/{PROBE}", b""))
        except AWAY as error:
            reason = str(error) or type(error).__name__
            raise ConfigError(f"pictures: s3://{self._root} cannot be written: {reason}") from error

    async def put(self, data: bytes) -> str:
        """Store the bytes, and return their SHA-256, once the store has confirmed them. Raises PicturesAway."""
        sha256 = await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
        await self._ask(lambda: self._files._pipe_file(self._path(sha256), data), PUT_PATIENCE)
        return sha256

    async def read(self, sha256: str) -> bytes:
        """Return the picture's bytes. Raises FileNotFoundError, PictureDamaged and PicturesAway."""
        data: bytes = await self._ask(lambda: self._files._cat_file(self._path(sha256), max_concurrency=1))
        return await asyncio.to_thread(checked, data, sha256)

    async def fetch(self, sha256: str, folder: Path) -> Path:
        """Return a copy of the picture in the folder. Raises as `read` does."""
        data, path = await self.read(sha256), folder / Path(self._path(sha256)).name
        await asyncio.to_thread(path.write_bytes, data)
        return path

    async def exists(self, sha256: str) -> bool:
        """Tell whether the picture is there. Raises PicturesAway."""
        try:
            await self._ask(lambda: self._files._info(self._path(sha256)))
        except FileNotFoundError:
            return False
        return True

    async def delete(self, sha256: str) -> None:
        """Remove the picture if it is there. Raises PicturesAway."""
        await self._ask(lambda: self._files._rm_file(self._path(sha256)))

    async def sweep(self, known: Collection[str], since: datetime, until: datetime) -> list[str]:
        """Remove what was put between two moments and nobody knows, and return the names of the files removed."""
        found = await self._ask(lambda: self._files._find(self._root), seconds=LIST_SECONDS)
        names = (name.removeprefix(f"{self._root}/") for name in found)
        pictures = [match[1] for match in map(PICTURE.fullmatch, names) if match is not None]
        unknown = [sha256 for sha256 in pictures if sha256 not in known]
        return [f"{each}{PNG}" for each in unknown if await self._remove_if_put_between(each, since, until)]

    async def _remove_if_put_between(self, sha256: str, since: datetime, until: datetime) -> bool:
        """Remove a picture, unless it was put again since it was listed; say whether it was removed."""
        try:
            told = await self._ask(lambda: self._files._info(self._path(sha256)))
        except FileNotFoundError:
            return False
        is_rubbish: bool = since <= told["LastModified"] < until
        if is_rubbish:
            await self.delete(sha256)
        return is_rubbish

    def _path(self, sha256: str) -> str:
        return f"{self._root}/{place_of(sha256)}"

    async def _ask(self, ask: Ask[T], patience: float | None = None, *, seconds: float | None = None) -> T:
        """Return the answer; ask again where none came, as everything here may be done twice. Raises PicturesAway."""
        deadline = time.monotonic() + (self._patience if patience is None else patience)
        while True:
            try:
                answer = await self._try(ask, seconds)
            except FileNotFoundError:
                self.answers = True
                raise
            except AWAY as error:
                self.answers = False
                log.warning("the pictures' store does not answer: %r", error)
                if time.monotonic() + REST_SECONDS > deadline:
                    raise PicturesAway("jobs.pictures_away") from error
            else:
                self.answers = True
                return answer
            await asyncio.sleep(REST_SECONDS)

    async def _try(self, ask: Ask[T], seconds: float | None = None) -> T:
        async with asyncio.timeout(seconds or self._call):
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(ask(), self._files.loop))
