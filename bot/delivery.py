"""From the outbox to the person: by interaction token, then in the channel, then by direct message."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

import discord

from bot.gallery import Gallery
from bot.letters import Enclosure, Letter, edit_reply, send_letter, token_lives
from bot.progress import ProgressBoard
from bot.replies import alt_text, ending_letter, result_letter
from db.base import utc_now
from db.jobs import Jobs
from db.outbox import Message, Notice, Outbox
from db.tables.job import Job
from db.tables.record import Record

POLL_SECONDS = 30.0
SEND_SECONDS = 60.0
AT_ONCE = 20
BACK_OFF = (1, 2, 5, 15, 60, 300, 900)  # seconds before the next try
SMALLEST_LIMIT = 10 * 2**20  # bytes per file in a place without boosts
REQUEST_LIMIT = 25 * 2**20  # bytes of all files together
HEADROOM = 64 * 2**10  # bytes of a request that are not the file
CLOSED_CODES = {10003, 10008, 10015, 50001, 50007, 50013, 50027}  # unknown, forbidden or expired: another way is needed

log = logging.getLogger(__name__)

Way = Callable[[Job, Letter, str], Awaitable[discord.Message | None]]


class Delivery:
    """Empties the outbox: at least one try always follows, and no message is posted twice."""

    def __init__(
        self,
        *,
        client: discord.Client,
        outbox: Outbox,
        jobs: Jobs,
        gallery: Gallery,
    ) -> None:
        self._client = client
        self._outbox = outbox
        self._jobs = jobs
        self._gallery = gallery
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Look into the outbox now."""
        self._news.set()

    async def run(self, board: ProgressBoard) -> None:
        """Deliver until cancelled."""
        await self._client.wait_until_ready()
        while True:
            self._news.clear()
            due = await self._outbox.due(utc_now(), AT_ONCE)
            async with asyncio.TaskGroup() as group:
                for message in due:
                    group.create_task(self._deliver(message, board))
            if not due:
                await self._wait()

    async def _wait(self) -> None:
        """Wait for news, or until the next try is due."""
        next_due = await self._outbox.next_due()
        seconds = POLL_SECONDS if next_due is None else (next_due - utc_now()).total_seconds()
        try:
            async with asyncio.timeout(max(0.05, min(POLL_SECONDS, seconds))):
                await self._news.wait()
        except TimeoutError:
            return

    async def _deliver(self, message: Message, board: ProgressBoard) -> None:
        try:
            job = await self._jobs.get(message.job_id)
            assert job is not None, "the outbox refers to the job table"
            await board.settle(job.id)
            await self._send(message, job)
        except Exception as error:
            pause = BACK_OFF[min(message.tries, len(BACK_OFF) - 1)]
            log.warning("job %s: delivery failed, again in %s s", message.job_id, pause, exc_info=error)
            await self._outbox.retry(message.id, utc_now() + timedelta(seconds=pause), repr(error)[:500])

    async def _send(self, message: Message, job: Job) -> None:
        letter = await self._compose(message, job)
        for way in (self._by_token, self._in_channel, self._by_direct_message):
            async with asyncio.timeout(SEND_SECONDS):
                sent = await self._try(way, job, letter, message.nonce)
            if sent is not None:
                await self._outbox.sent(message.id, sent.id)
                return
        log.warning("job %s: no way to user %s", job.id, job.user_id)
        await self._outbox.abandon(message.id, "no way to the person is open")

    async def _try(self, way: Way, job: Job, letter: Letter, nonce: str) -> discord.Message | None:
        try:
            return await way(job, letter, nonce)
        except discord.HTTPException as error:
            if error.code in CLOSED_CODES or error.status in (401, 403, 404):
                log.info("job %s: %s is closed: %s", job.id, way.__name__, error)
                return None
            raise

    async def _by_token(self, job: Job, letter: Letter, nonce: str) -> discord.Message | None:
        if not token_lives(job) or job.message_id is None:
            return None
        return await edit_reply(self._client, job, letter)

    async def _in_channel(self, job: Job, letter: Letter, nonce: str) -> discord.Message | None:
        if job.guild_id is None:
            return None
        return await send_letter(self._client.get_partial_messageable(job.channel_id), letter, nonce)

    async def _by_direct_message(self, job: Job, letter: Letter, nonce: str) -> discord.Message | None:
        person = await self._client.fetch_user(job.user_id)
        return await send_letter(await person.create_dm(), letter, nonce)

    # What is said

    async def _compose(self, message: Message, job: Job) -> Letter:
        if message.kind is not Notice.RESULT:
            return ending_letter(job)
        records = [record for record in await self._gallery.history.of_job(job.id) if record.deleted_at is None]
        enclosures = [await self._enclose(job, record) for record in records]
        smaller = any(not enclosure.filename.endswith(".png") for enclosure in enclosures)
        return result_letter(job, records, enclosures, smaller=smaller)

    async def _enclose(self, job: Job, record: Record) -> Enclosure:
        limit = min(self._upload_limit(job), REQUEST_LIMIT // job.pictures) - HEADROOM
        data, suffix = await self._gallery.picture(record, limit)
        return Enclosure(f"imagine-{record.id}{suffix}", data, alt_text(record, job.locale))

    def _upload_limit(self, job: Job) -> int:
        guild = None if job.guild_id is None else self._client.get_guild(job.guild_id)
        return SMALLEST_LIMIT if guild is None else guild.filesize_limit
