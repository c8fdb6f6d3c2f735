"""What the outbox's messages say: letters with their pictures, in files of a size that Discord takes."""

import logging
from collections.abc import Sequence

import discord

from bot.gallery import Gallery, PictureLost
from bot.letters import Enclosure, Letter
from bot.replies import alt_text, ending_letter, result_letter, sheet_alt_text
from bot.sheet_picture import Labels
from db.outbox import Message, Notice
from db.tables.job import Job
from db.tables.record import Record, Showing

SMALLEST_LIMIT = 10 * 2**20  # bytes per file in a place without boosts
REQUEST_LIMIT = 25 * 2**20  # bytes of all files together
HEADROOM = 64 * 2**10  # bytes of a request that are not the file

log = logging.getLogger(__name__)


class Composer:
    """Writes the letters that end jobs."""

    def __init__(self, client: discord.Client, gallery: Gallery) -> None:
        self._client = client
        self._gallery = gallery

    async def compose(self, message: Message, job: Job, *, divisor: int = 1) -> Letter:
        """Return the letter; each file has at most what the place takes and, divided, that part of what it would."""
        if message.kind is Notice.RESULT:
            return await self.result(job, divisor=divisor)
        if message.kind is Notice.RELEASED:
            records = [record for record in await self._there(job) if record.id == message.record_id]
            return await self._result(job, records, 0, divisor)
        return ending_letter(job)

    async def result(self, job: Job, *, divisor: int = 1) -> Letter:
        """Return the letter with those of the job's pictures that are there, and that no message of their own shows."""
        apart = await self._gallery.history.released(job.id)
        known = [record for record in await self._gallery.history.of_job(job.id) if record.deleted_at is None]
        held = sum(record.showing is Showing.HELD for record in known)
        records = [record for record in known if record.is_there and record.id not in apart]
        return await self._result(job, records, held, divisor)

    async def shows(self, message: Message, job: Job) -> bool:
        """Say whether the picture of a release is there."""
        return any(record.id == message.record_id for record in await self._there(job))

    async def _there(self, job: Job) -> list[Record]:
        return [record for record in await self._gallery.history.of_job(job.id) if record.is_there]

    async def _result(self, job: Job, records: Sequence[Record], held: int, divisor: int) -> Letter:
        if job.sheet is not None and records:
            return result_letter(job, records, [await self._sheet(job, records)], held=held)
        enclosures, lost = [], []
        for record in records:
            try:
                enclosures.append(await self._enclose(job, record, divisor))
            except PictureLost as error:
                log.exception("job %s: sent without a picture", job.id)
                lost.append(error.sentence(job.locale))
        smaller = any(not enclosure.filename.endswith(".png") for enclosure in enclosures)
        return result_letter(job, records, enclosures, smaller=smaller, lost=lost, held=held)

    async def _enclose(self, job: Job, record: Record, divisor: int) -> Enclosure:
        limit = min(self._upload_limit(job), REQUEST_LIMIT // job.pictures) - HEADROOM
        data, suffix = await self._gallery.picture(record, limit, divisor=divisor)
        spoiler = self._gallery.hides(job.guild_id, record)
        return Enclosure(f"imagine-{record.id}{suffix}", data, alt_text(record, job.locale), spoiler)

    async def _sheet(self, job: Job, records: Sequence[Record]) -> Enclosure:
        """Return all pictures of a job as one."""
        assert job.sheet is not None
        labels = Labels(tuple(job.sheet["columns"]), tuple(job.sheet["rows"]))
        limit = min(self._upload_limit(job), REQUEST_LIMIT) - HEADROOM
        data, suffix = await self._gallery.sheet(records, labels, limit)
        spoiler = any(self._gallery.hides(job.guild_id, record) for record in records)
        return Enclosure(f"comparison-{job.id}{suffix}", data, sheet_alt_text(job), spoiler)

    def _upload_limit(self, job: Job) -> int:
        guild = None if job.guild_id is None else self._client.get_guild(job.guild_id)
        return SMALLEST_LIMIT if guild is None else guild.filesize_limit
