"""What the outbox's messages say: letters with their pictures, in files of a size that Discord takes."""

import logging
from collections.abc import Sequence

import discord

from bot.gallery import Gallery, PictureLost
from bot.letters import Enclosure, Letter
from bot.replies import alt_text, ending_letter, result_letter
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
            return await self._result(job, records, divisor)
        return ending_letter(job)

    async def result(self, job: Job, *, divisor: int = 1) -> Letter:
        """Return the letter with those of the job's pictures that are there, and that no other message shows."""
        shown_here = (None, job.message_id)
        records = [record for record in await self._there(job) if record.message_id in shown_here]
        return await self._result(job, records, divisor)

    async def _there(self, job: Job) -> list[Record]:
        return [record for record in await self._gallery.history.of_job(job.id) if record.is_there]

    async def _result(self, job: Job, records: Sequence[Record], divisor: int) -> Letter:
        enclosures, lost = [], []
        for record in records:
            try:
                enclosures.append(await self._enclose(job, record, divisor))
            except PictureLost as error:
                log.exception("job %s: sent without a picture", job.id)
                lost.append(error.sentence(job.locale))
        smaller = any(not enclosure.filename.endswith(".png") for enclosure in enclosures)
        return result_letter(job, records, enclosures, smaller=smaller, lost=lost)

    async def _enclose(self, job: Job, record: Record, divisor: int) -> Enclosure:
        limit = min(self._upload_limit(job), REQUEST_LIMIT // job.pictures) - HEADROOM
        data, suffix = await self._gallery.picture(record, limit, divisor=divisor)
        spoiler = record.showing is Showing.SPOILERED
        return Enclosure(f"imagine-{record.id}{suffix}", data, alt_text(record, job.locale), spoiler)

    def _upload_limit(self, job: Job) -> int:
        guild = None if job.guild_id is None else self._client.get_guild(job.guild_id)
        return SMALLEST_LIMIT if guild is None else guild.filesize_limit
