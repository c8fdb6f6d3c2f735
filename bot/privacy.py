"""What is kept about a person: shown, sent to them, deleted."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from bot.caller import Caller
from bot.room import midnight
from db.base import Json
from db.images import PictureDamaged, PictureStore
from db.jobs import Jobs
from db.people import People
from db.privacy import Erased
from db.privacy import Privacy as Rows
from db.tables.record import Showing
from jobs.clerk import Clerk
from jobs.dispatcher import Dispatcher
from provenance.thumbnails import shrink_to_fit

ROWS = 20_000  # of one table in one archive: about three megabytes
PER_ENTRY = 512  # bytes that an archive has beside each file
SHRINK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Archive:
    """A file of an export; `after` counts the pictures that were sent with it and those before it."""

    filename: str
    data: bytes
    after: int


class Privacy:
    """The use-cases of /privacy."""

    def __init__(
        self, *, people: People, rows: Rows, jobs: Jobs, dispatcher: Dispatcher, store: PictureStore, clerk: Clerk
    ) -> None:
        self._people = people
        self._rows = rows
        self._jobs = jobs
        self._dispatcher = dispatcher
        self._store = store
        self._clerk = clerk

    async def overview(self, caller: Caller) -> dict[str, int]:
        """Return how much is kept about the person, by table."""
        return await self._rows.count(caller.user_id)

    async def publishes_prompts(self, caller: Caller) -> bool:
        """Say whether the files of the person's pictures tell their prompts."""
        return await self._people.publishes_prompts(caller.user_id)

    async def publish_prompts(self, caller: Caller, yes: bool) -> None:
        """Let them tell from now on, or not; files that are there stay as they are."""
        await self._people.publish_prompts(caller.user_id, yes)

    async def export(self, caller: Caller, start: int, limit: int) -> AsyncIterator[Archive]:
        """Yield all that is kept, in archives of at most `limit` bytes: the rows, then the pictures from `start` on."""
        rows = await self._rows.collect(caller.user_id)
        if start == 0:
            await self._rows.note_export(caller.user_id)
            for number, part in enumerate(_parts(rows), start=1):
                yield Archive(f"imagine-data-{number}.zip", await asyncio.to_thread(_written, part), 0)
        shown = [row for row in rows["records"] if row["deleted_at"] is None and row["showing"] != Showing.HELD]
        files = dict.fromkeys([row["sha256"] for row in (*shown, *rows["uploads"])])
        parts: dict[str, bytes] = {}
        number = start
        for sha256 in list(files)[start:]:
            data, suffix = await self._picture(sha256, limit - PER_ENTRY)
            if parts and sum(map(len, parts.values())) + len(data) + PER_ENTRY * (len(parts) + 1) > limit:
                yield await _archive(parts, number)
                parts = {}
            number += 1
            if data:
                parts[f"{sha256}.{suffix}"] = data
        if parts:
            yield await _archive(parts, number)

    async def erase(self, caller: Caller) -> Erased:
        """Delete what is kept about the person, but for the rows that somebody else's rest on; cancel what is open."""
        for job in await self._jobs.open_of(caller.user_id):
            await self._dispatcher.cancel(job)
        asked_at = await self._rows.ask(caller.user_id)
        return await self._erase(caller.user_id, asked_at)

    async def go_on(self) -> None:
        """Delete what could not go when it was asked for."""
        for user_id, asked_at in await self._rows.asked():
            await self._erase(user_id, asked_at)

    async def discard(self, files: frozenset[str]) -> None:
        """Remove the files that nobody's record needs."""
        if files:
            await self._remove(files - await self._rows.needed())

    async def _erase(self, user_id: int, asked_at: datetime) -> Erased:
        """Delete rows and files; as with any picture that is deleted, what others drew over it cannot be made again."""
        erased = await self._rows.erase(user_id, asked_at, midnight())
        await self._remove(erased.files - await self._rows.shown())
        return erased

    async def _remove(self, files: frozenset[str]) -> None:
        for sha256 in files:
            await self._store.delete(sha256)

    async def _picture(self, sha256: str, limit: int) -> tuple[bytes, str]:
        """Return a file in at most so many bytes; nothing where it is lost."""
        try:
            data = await self._store.read(sha256)
        except (FileNotFoundError, PictureDamaged):
            return b"", ""
        if len(data) <= limit:
            return data, "png"
        return await self._clerk.call(shrink_to_fit, data, limit, timeout=SHRINK_SECONDS)


async def _archive(files: dict[str, bytes], after: int) -> Archive:
    data = await asyncio.to_thread(_zipped, files, ZIP_STORED)
    return Archive(f"imagine-pictures-to-{after}.zip", data, after)


def _parts(rows: Mapping[str, list[Json]]) -> Iterator[dict[str, list[Json]]]:
    """Yield the rows by table, so many at a time that an archive of them is small enough for every place."""
    for table, of_table in rows.items():
        if len(of_table) > ROWS:
            yield from ({table: of_table[start : start + ROWS]} for start in range(0, len(of_table), ROWS))
    yield {table: of_table for table, of_table in rows.items() if len(of_table) <= ROWS}


def _written(rows: Mapping[str, list[Json]]) -> bytes:
    return _zipped({"data.json": json.dumps(rows, indent=1, ensure_ascii=False).encode()}, ZIP_DEFLATED)


def _zipped(files: dict[str, bytes], compression: int) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()
