"""From the outbox to the person: what is due is sent, and what came of it written down."""

import asyncio
import logging
from datetime import timedelta

import aiohttp
import discord

from bot.composer import Composer
from bot.gallery import Gallery
from bot.interaction import Host
from bot.letters import Letter
from bot.progress import ProgressBoard
from bot.replies import undelivered_letter
from bot.ways import Ways
from config.logs import about
from config.words import say
from db.base import utc_now
from db.images import PicturesAway
from db.jobs import Jobs
from db.outbox import Message, Notice, Outbox
from db.tables.job import Job
from observing.metrics import Metrics

POLL_SECONDS = 30.0
STUMBLE_SECONDS = 5.0  # before a database that failed is asked again
AT_HAND = 500  # messages under way, most of them in their channel's line: more than the queue holds as it is set
BACK_OFF = (1, 2, 5, 15, 60, 300, 900)  # seconds before the next try
TRIES = 100  # about a day of a Discord that is not there
NOT_LET_IN = {401, 403, 404}  # and yet no way is closed: the bot's own token is out of use, or a wall is before Discord
TOO_MANY = 429
UNTOLD_SECONDS = 60.0  # before the next try where a 429 does not say when

log = logging.getLogger(__name__)

Sent = discord.Message | discord.PartialMessage


class Delivery:
    """Empties the outbox: what fails is tried again as long as that can help, and no message is posted twice."""

    def __init__(
        self,
        *,
        client: Host,
        outbox: Outbox,
        jobs: Jobs,
        gallery: Gallery,
        metrics: Metrics,
    ) -> None:
        self._client = client
        self._metrics = metrics
        self._outbox = outbox
        self._jobs = jobs
        self._composer = Composer(client, gallery)
        self._ways = Ways(client, outbox)
        self._news = asyncio.Event()
        self._under_way: set[int] = set()

    def wake(self) -> None:
        """Look into the outbox now."""
        self._news.set()

    async def run(self, board: ProgressBoard) -> None:
        """Deliver until cancelled."""
        await self._client.logged_in.wait()
        async with asyncio.TaskGroup() as group:
            while True:
                self._news.clear()
                try:
                    seconds = await self._begin_due(group, board)
                except Exception:  # a database that stumbles ends nobody's delivery
                    log.exception("the outbox cannot be read, again in %s s", STUMBLE_SECONDS)
                    seconds = STUMBLE_SECONDS
                await self._wait(seconds)

    async def _begin_due(self, group: asyncio.TaskGroup, board: ProgressBoard) -> float:
        """Begin to deliver what is due and not under way; return the seconds until there may be more."""
        free = AT_HAND - len(self._under_way)
        if not free:
            return POLL_SECONDS
        for message in await self._outbox.due(utc_now(), free, besides=self._under_way):
            self._under_way.add(message.id)
            group.create_task(self._attend(message, board), name=f"delivery of message {message.id}")
        next_due = await self._outbox.next_due(besides=self._under_way)
        return POLL_SECONDS if next_due is None else (next_due - utc_now()).total_seconds()

    async def _wait(self, seconds: float) -> None:
        """Wait for news, but not longer than that."""
        try:
            async with asyncio.timeout(max(0.05, min(POLL_SECONDS, seconds))):
                await self._news.wait()
        except TimeoutError:
            return

    async def _attend(self, message: Message, board: ProgressBoard) -> None:
        """Deliver one message, whatever happens; no other task has the same one at once."""
        with about(job=message.job_id):
            try:
                await self._deliver(message, board)
            except Exception:  # what came of it could not be written down: it is due again
                job_id = message.job_id
                log.exception("job %s: its delivery is not written down, again in %s s", job_id, STUMBLE_SECONDS)
                await asyncio.sleep(STUMBLE_SECONDS)
            finally:
                self._under_way.discard(message.id)
                self._news.set()

    async def _deliver(self, message: Message, board: ProgressBoard) -> None:
        job = await self._jobs.get(message.job_id)
        assert job is not None, "the outbox refers to the job table"
        try:
            await board.settle(job.id)
            if message.kind is not Notice.RELEASED or await self._is_due(message, job):
                await self._send(message, job)
        except Exception as error:  # noqa: BLE001 - whatever it is, there is something to do about it
            await self._after_failure(message, job, error)

    async def _is_due(self, message: Message, job: Job) -> bool:
        """Say whether a release may go out: after the answer itself, and while there is something to show."""
        if not await self._composer.shows(message, job):
            await self._outbox.abandon(message.id, "the picture was deleted meanwhile")
            return False
        if await self._outbox.awaits_answer(job.id):
            await self._outbox.put_off(message.id, utc_now() + timedelta(seconds=STUMBLE_SECONDS), "the answer first")
            return False
        return True

    async def _send(self, message: Message, job: Job) -> None:
        sent = await self._posted(message, job)
        if sent is None:
            log.warning("job %s: no way to user %s", job.id, job.user_id)
            await self._outbox.abandon(message.id, "no way to the person is open")
            self._metrics.not_delivered("abandoned")
            return
        await self._point_to(message, sent, job, insist=message.tries + 1 < TRIES)
        await self._outbox.sent(message.id, sent.id)
        self._metrics.delivered((utc_now() - job.created_at).total_seconds())

    async def _posted(self, message: Message, job: Job) -> Sent | None:
        """Return the message that says it: that of an earlier try, else a new one; None where no way is open."""

        async def write(divisor: int) -> Letter:
            return await self._composer.compose(message, job, divisor=divisor)

        if message.message_id is not None:
            return self._ways.ours(job, message.message_id)
        sent = await self._ways.send(message, job, write)
        if sent is not None and sent.id != job.message_id:
            await self._outbox.posted(message.id, sent.id)
        return sent

    async def _after_failure(self, message: Message, job: Job, error: Exception) -> None:
        """Do what is left to do after a try that failed."""
        if isinstance(error, discord.HTTPException) and error.status == TOO_MANY:
            pause = _told_to_wait(error)
            log.warning("job %s: Discord has enough for now, again in %s s: %s", job.id, pause, error)
            await self._outbox.put_off(message.id, utc_now() + timedelta(seconds=pause), _note_on(error))
            self._metrics.not_delivered("put off")
        elif message.tries + 1 < _tries_worth(error):
            pause = BACK_OFF[min(message.tries, len(BACK_OFF) - 1)]
            log.warning("job %s: delivery failed, again in %s s", job.id, pause, exc_info=error)
            await self._outbox.retry(message.id, utc_now() + timedelta(seconds=pause), _note_on(error))
            self._metrics.not_delivered("retried")
        else:
            await self._give_up(message, job, error)

    async def _give_up(self, message: Message, job: Job, error: Exception) -> None:
        """Say at least that nothing more will come."""

        async def write(_: int) -> Letter:
            return undelivered_letter(job)

        log.error("job %s: not delivered, and given up", job.id, exc_info=error)
        try:
            sent = await self._ways.send(message, job, write)
            if sent is not None:
                await self._point_to(message, sent, job)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as failure:
            log.warning("job %s: user %s could not be told of it: %s", job.id, job.user_id, failure)
        await self._outbox.abandon(message.id, _note_on(error))
        self._metrics.not_delivered("abandoned")

    async def _point_to(self, message: Message, sent: Sent, job: Job, *, insist: bool = False) -> None:
        """Let a reply that no token reaches any more say where its answer is; it may show the very same pictures.

        A release comes beside the answer. Where one insists, a failure that may pass is raised.
        """
        if job.message_id is None or sent.id == job.message_id or message.kind is Notice.RELEASED:
            return
        pointer = say("bot.answered_elsewhere", locale=job.locale, address=sent.jump_url)
        try:
            await self._ways.rewrite(job, job.message_id, pointer)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            if insist and _may_pass(error):
                raise
            log.info("job %s: its first reply stays as it is: %s", job.id, error)


def _may_pass(error: Exception) -> bool:
    """Say whether the same call may go well later."""
    return not isinstance(error, discord.HTTPException) or error.status == TOO_MANY or error.status >= 500


def _note_on(error: Exception) -> str:
    """Return what went wrong, without anybody's words: the kind, and Discord's numbers."""
    if isinstance(error, discord.HTTPException):
        return f"{type(error).__name__} {error.status} {error.code}"
    return type(error).__name__


def _told_to_wait(error: discord.HTTPException) -> float:
    """Return after how many seconds Discord wants to hear of us again."""
    told = error.response.headers.get("Retry-After", "")
    return float(told) if told.isdecimal() else UNTOLD_SECONDS


def _tries_worth(error: Exception) -> int:
    """Return after how many tries that failed so another one helps no more."""
    if isinstance(error, discord.HTTPException):
        return TRIES if error.status >= 500 or error.status in NOT_LET_IN else 1
    return TRIES if isinstance(error, aiohttp.ClientError | OSError | PicturesAway) else len(BACK_OFF)
