"""What was made: who may see it, how it is found, shown and deleted."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from bot.caller import Caller
from bot.sheet_picture import Labels, draw_sheet
from config.words import UserError
from db.history import History, Page, Record, Relative, Showing
from db.ids import is_record_id
from db.images import PictureDamaged, PictureStore
from db.never_again import NeverAgain
from db.search import Criteria
from jobs.clerk import Clerk
from jobs.finish import VERSION
from moderation.pictures import flagged_in
from moderation.policy import Flagged, Policy
from provenance.identity import Identity
from provenance.thumbnails import shrink_and_sign, thumbnail

SHRINK_SECONDS = 60.0
THUMBNAIL_SIDE = 256  # pixels
RELATIVES = 8  # named in each direction; one more is read, to know whether there are more

log = logging.getLogger(__name__)


class PictureLost(UserError):
    """A record whose file is gone or damaged."""


@dataclass(frozen=True, slots=True)
class Family:
    """What a picture was made from and what was made from it, as far as the viewer may see it."""

    parents: tuple[Relative, ...]
    children: tuple[Relative, ...]


class Gallery:
    """The history as people may see it. Raises UserError with the sentence for the person."""

    def __init__(
        self,
        *,
        policy: Policy,
        history: History,
        never_again: NeverAgain,
        store: PictureStore,
        clerk: Clerk,
        identity: Identity,
    ) -> None:
        self.history = history
        self._never_again = never_again
        self._policy = policy
        self._identity = identity
        self._store = store
        self._clerk = clerk

    async def record(self, caller: Caller, record_id: str) -> Record:
        """Return a record that the caller may see and use here."""
        record = await self.history.visible(record_id.strip("#` "), caller.user_id, caller.views)
        if record is None:
            raise UserError("bot.no_such_picture", id=record_id[:20])
        if not self.may_show(caller, record):
            raise UserError("bot.age_restricted_picture")
        return record

    async def origin(self, caller: Caller, record_id: str) -> Record:
        """Return a record from which the caller may make other pictures: its owner may always, others where it is open.

        A reproduction is the same picture, so it is as closed to others as its original.
        """
        record = await self.record(caller, record_id)
        await self._check_open(caller, record)
        return record

    async def check_sources(self, caller: Caller, files: Sequence[str]) -> None:
        """Raise UserError unless the caller may start, here and now, from all of the history that has these files.

        What was made from a picture leads to it again, whatever became of that since.
        """
        for name in files:
            for record in await self.history.with_file(name):
                if await self.history.visible(record.id, caller.user_id, caller.views) is None:
                    raise UserError("bot.source_withdrawn")
                await self.check_wanted(caller, await self.origin(caller, record.id))

    async def check_upload_open(self, caller: Caller, data: bytes, marked_as: str | None) -> None:
        """Raise UserError where a file, or the mark in it, is that of a picture which somebody else has closed."""
        marked = None if marked_as is None or not is_record_id(marked_as) else await self.history.get(marked_as)
        for each in (*await self.history.with_file(sha256(data).hexdigest()), *filter(None, [marked])):
            await self._check_open(caller, each)

    async def _check_open(self, caller: Caller, record: Record) -> None:
        """Raise UserError where somebody else has closed the picture, or that of which it is a reproduction."""
        for each in (record, await self.history.original(record)):
            if each.closed and each.user_id != caller.user_id:
                raise UserError("bot.closed_picture", user=each.user_id)

    def may_show(self, caller: Caller, record: Record) -> bool:
        """Say whether a record that the caller may see may be shown in this place."""
        if record.showing is not Showing.OPEN:
            return self._shows_flagged(caller)
        return caller.sees_age_restricted or not record.age_restricted

    async def check_wanted(self, caller: Caller, record: Record) -> None:
        """Raise UserError where the guild never wants to see the picture again, nor what looks like it."""
        if caller.guild_id is None or record.pdq is None:
            return
        if await self._never_again.stops(caller.guild_id, caller.user_id, record.pdq):
            raise UserError("people.picture_unwanted")

    def hides(self, guild_id: int | None, record: Record) -> bool:
        """Say whether a sexual picture is hidden until somebody clicks on it, as this guild wants it."""
        shown = flagged_in(self._policy.in_guild(guild_id)) is Flagged.SHOWN
        return record.showing is Showing.SPOILERED or (record.showing is Showing.RESTRICTED and not shown)

    def _shows_flagged(self, caller: Caller) -> bool:
        """Say whether sexual pictures may be shown in this place, as this guild wants it today."""
        here = self._policy.in_guild(caller.guild_id)
        return caller.age_restricted and flagged_in(here) is not Flagged.NEVER

    async def suggestions(self, caller: Caller, typed: str) -> list[Record]:
        """Return the records that the caller may mean by what was typed so far."""
        return await self.history.suggestions(
            caller.user_id,
            caller.views,
            typed,
            age_restricted=caller.sees_age_restricted,
            flagged=self._shows_flagged(caller),
        )

    async def family(self, caller: Caller, record: Record) -> Family:
        """Return what the record was made from and what was made from it, as far as the caller may see it."""
        viewer = (caller.user_id, caller.views)
        parents = await self.history.parents(record.id, *viewer, limit=RELATIVES + 1)
        children = await self.history.children(record.id, *viewer, limit=RELATIVES + 1)
        return Family(tuple(parents), tuple(children))

    async def picture(self, record: Record, limit: int, *, divisor: int = 1) -> tuple[bytes, str]:
        """Return the record's file in at most `limit` bytes, and its suffix; divided, in that part of what it had.

        Raises PictureLost.
        """
        data = await self.bytes_of(record)
        limit = min(limit, len(data)) // divisor
        if len(data) <= limit:
            return data, ".png"
        smaller, kind = await self._clerk.call(
            shrink_and_sign, data, limit, VERSION, self._identity, timeout=SHRINK_SECONDS
        )
        return smaller, f".{kind}"

    async def sheet(self, records: Sequence[Record], labels: Labels, limit: int) -> tuple[bytes, str]:
        """Return a job's pictures as one labelled file of about `limit` bytes at most, and its suffix.

        One that is not there leaves its place empty.
        """
        files: list[bytes | None] = [None] * (len(labels.columns) * max(1, len(labels.rows)))
        for record in records:
            try:
                files[record.index] = await self.bytes_of(record)
            except PictureLost:
                log.exception("picture %s is missing in its sheet", record.id)
        how = (labels, VERSION, self._identity, limit)
        return await self._clerk.call(draw_sheet, files, *how, timeout=SHRINK_SECONDS)

    async def bytes_of(self, record: Record) -> bytes:
        """Return the record's file as it was stored. Raises PictureLost."""
        try:
            return await self._store.read(record.sha256)
        except (FileNotFoundError, PictureDamaged) as error:
            raise PictureLost("bot.picture_lost", id=record.id) from error

    async def thumbnail(self, record: Record) -> bytes | None:
        """Return the record's picture small, as WebP; None where the file is lost."""
        try:
            data = await self.bytes_of(record)
        except PictureLost:
            return None
        return await self._clerk.call(thumbnail, data, THUMBNAIL_SIDE, timeout=SHRINK_SECONDS)

    async def search(self, caller: Caller, criteria: Criteria, *, page: int, size: int) -> Page:
        """Return a page of what meets the criteria and the caller may see, newest first."""
        return await self.history.search(
            caller.user_id,
            caller.views,
            age_restricted=caller.sees_age_restricted,
            flagged=self._shows_flagged(caller),
            criteria=criteria,
            limit=size,
            offset=page * size,
        )

    async def delete(self, caller: Caller, record_id: str, *, alone: bool = False) -> list[Record]:
        """Delete the record's whole job, or the record alone; return what its job's message showed.

        Its requester may, and whoever is a moderator where it was made.
        """
        record = await self.record(caller, record_id)
        if not (record.user_id == caller.user_id or record.channel_id in caller.moderates):
            raise UserError("bot.not_yours_to_delete")
        records = [each for each in await self.history.of_job(record.job_id) if each.deleted_at is None]
        for each in [record] if alone else records:
            await self.history.delete(each.id, caller.user_id)
            await self.discard(each)
        return records

    async def discard(self, record: Record) -> None:
        """Remove a deleted record's file, unless another record shows the same."""
        if not await self.history.is_shown(record.sha256):
            await self._store.delete(record.sha256)
