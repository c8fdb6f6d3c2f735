"""Looking for pictures: searches that survive a restart, and what they find as a file."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from bot.caller import Caller
from bot.gallery import Gallery
from config.words import UserError
from db.base import utc_now
from db.history import Record
from db.images import PictureDamaged, PictureStore
from db.lineage import Lineage
from db.search import Criteria
from db.searches import Searches
from inference.request import ImageRequest
from jobs.excerpt import Entry, Excerpt, entry_of, sizes_of, sources_first, with_sources

EXPORTED = 500  # records that a search found, the newest
WITH_SOURCES = 2_000  # those, and what they were made from
MASK_BYTES = 256 << 10
FRAME_BYTES = 1_000  # of an export without anything in it, and more than enough
KEPT = timedelta(days=30)  # since a search was used last


@dataclass(frozen=True, slots=True)
class Export:
    """A file of what was found: `of` pictures of `total`, but for so many whose people keep their words out of files.

    `sources` more are in it because some of them were made from these.
    """

    data: bytes
    of: int
    total: int
    sources: int
    withheld: int


class Finding:
    """Searches of the history. Raises UserError with the sentence for the person."""

    def __init__(self, *, gallery: Gallery, searches: Searches, lineage: Lineage, store: PictureStore) -> None:
        self._gallery = gallery
        self._searches = searches
        self._lineage = lineage
        self._store = store

    async def keep(self, caller: Caller, criteria: Criteria) -> str:
        """Keep a search, and return the key by which its buttons find it; for all pictures there is none."""
        return "" if criteria.is_all else await self._searches.keep(caller.user_id, criteria)

    async def criteria(self, caller: Caller, key: str) -> Criteria:
        """Return the caller's search of a key."""
        criteria = await self._searches.get(caller.user_id, key) if key else Criteria()
        if criteria is None:
            raise UserError("bot.search_forgotten")
        return criteria

    async def forget(self) -> int:
        """Forget the searches that nobody used lately; return how many."""
        return await self._searches.forget(utc_now() - KEPT)

    async def export(self, caller: Caller, criteria: Criteria, limit: int) -> Export:
        """Return what is found, and what that was made from, in at most `limit` bytes."""
        page = await self._gallery.search(caller, criteria, page=0, size=EXPORTED)
        told = [each for each in page.records if self._may_be_told(caller, each)]
        entries = await self._entries(caller, await self._with_sources(caller, told))
        count, excerpt = await self._fitting([each.id for each in told], entries, limit - FRAME_BYTES)
        data = await asyncio.to_thread(excerpt.to_json)
        return Export(data, count, page.total, len(excerpt.entries) - count, len(page.records) - len(told))

    async def _fitting(self, found: list[str], entries: dict[str, Entry], limit: int) -> tuple[int, Excerpt]:
        """Return how many of the first found have room in so many bytes, with all that they need; one always has."""
        count, taken, files = 0, dict[str, Entry](), dict[str, bytes]()
        for name in found:
            new = {key: each for key, each in with_sources(entries[name], entries).items() if key not in taken}
            masks = await self._masks(new.values(), files)
            limit -= sum((await asyncio.to_thread(sizes_of, new.values(), masks)).values())
            if limit < 0 and count:
                break
            count += 1
            taken |= new
            files |= masks
        return count, Excerpt(entries=tuple(sources_first(list(taken.values()))), files=files)

    async def _with_sources(self, caller: Caller, found: list[Record]) -> list[Record]:
        """Return the records with all that they were made from, as far as the caller may see it here."""
        known, new = {each.id: each for each in found}, found
        while new and len(known) < WITH_SOURCES:
            named = {name for each in new for name in ImageRequest.from_dict(each.request).files}
            seen = await self._gallery.history.of_files(named, caller.user_id, caller.views)
            new = [each for each in seen if each.id not in known and self._may_be_told(caller, each)]
            known |= {each.id: each for each in new}
        return list(known.values())

    async def _entries(self, caller: Caller, records: list[Record]) -> dict[str, Entry]:
        parents = await self._lineage.parents([each.id for each in records])
        seen = await self._gallery.history.among(
            {parent for each in parents.values() for parent in each}, caller.user_id, caller.views
        )
        ids = {each.id for each in seen}
        told = {child: {name: kind for name, kind in of.items() if name in ids} for child, of in parents.items()}
        by_file = {each.sha256: each.id for each in records}
        return {
            each.id: entry_of(
                each, await self._marked_as(each, parents.get(each.id, {})), told.get(each.id, {}), by_file
            )
            for each in records
        }

    async def _masks(self, entries: Collection[Entry], known: Collection[str]) -> dict[str, bytes]:
        """Return the masks of entries by their SHA-256, but for those that are known."""
        names = {each.request["mask"] for each in entries if each.request.get("mask") is not None} - set(known)
        return {name: data for name in names if (data := await self._mask(name)) is not None}

    async def _marked_as(self, record: Record, parents: dict[str, str]) -> str:
        """Return the id in a picture's pixels."""
        is_copy = "reproduce" in parents.values()
        return (await self._gallery.history.original(record)).id if is_copy else record.id

    async def _mask(self, sha256: str) -> bytes | None:
        """Return a mask's file; None where it is lost, or too large to be written into another file."""
        try:
            data = await self._store.read(sha256)
        except (FileNotFoundError, PictureDamaged):
            return None
        return data if len(data) <= MASK_BYTES else None

    def _may_be_told(self, caller: Caller, record: Record) -> bool:
        """Say whether a record that the caller may see may stand in a file, where others may keep their words out."""
        return self._gallery.may_show(caller, record) and (record.publishes_prompt or record.user_id == caller.user_id)
