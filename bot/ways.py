"""The ways to a person: by interaction token while it lives, then in the channel, then by direct message."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import discord

from bot.letters import NOBODY, Letter, edit_reply, find_letter, send_letter, token_lives
from bot.pacing import Pacing
from bot.replies import restricted_letter
from config.words import say
from db.base import utc_now
from db.outbox import Message, Outbox
from db.tables.job import Job

AT_ONCE = 20  # letters written and on their way: their pictures are in memory
EDIT_SECONDS = 60.0
SMALLEST = 16  # divides a file's size at most
TOO_LARGE = 413
CLOSED = {403, 404}  # forbidden, unknown
CLOSED_CODES = {50027, 50083, 160005}  # an expired token, an archived thread, a locked one
NONCE_LIFE = timedelta(minutes=2)  # Discord remembers nonces for "the past few minutes"
CLOCKS = timedelta(minutes=1)  # by which ours may be ahead of Discord's

log = logging.getLogger(__name__)

Write = Callable[[int], Awaitable[Letter]]  # takes what the size of the files is to be divided by
Send = Callable[[Letter], Awaitable[discord.Message]]
Way = Callable[[Message, Job, Write], Awaitable[discord.Message | None]]
Place = discord.PartialMessageable | discord.DMChannel


class Ways:
    """Brings letters to people, each by the first way that is open.

    A letter is written when its turn has come: while it waits it holds no pictures in memory, and what is deleted
    meanwhile is not shown.
    """

    def __init__(self, client: discord.Client, outbox: Outbox) -> None:
        self._client = client
        self._outbox = outbox
        self._pacing = Pacing()
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def send(self, message: Message, job: Job, write: Write) -> discord.Message | None:
        """Return the message as Discord has it, None where no way is open; raises what another try may mend."""
        for way in (self._by_token, self._in_channel, self._by_direct_message):
            sent = await _unless_closed(way, message, job, write)
            if sent is not None:
                return sent
        return None

    async def rewrite(self, job: Job, message_id: int, content: str) -> None:
        """Write these words over a message of ours in the job's channel. Not paced: each follows a paced one."""
        await self.ours(job, message_id).edit(content=content, attachments=[], view=None, allowed_mentions=NOBODY)

    def ours(self, job: Job, message_id: int) -> discord.PartialMessage:
        """Return a message of ours in the job's channel."""
        return self._channel(job).get_partial_message(message_id)

    async def _by_token(self, _: Message, job: Job, write: Write) -> discord.Message | None:
        if not token_lives(job) or job.message_id is None:
            return None
        # nothing to pace: each token is a route of its own, with this one message left to send
        return await self._hand_over(self._fit(write, job, self._channel(job)), lambda letter: self._edit(job, letter))

    async def _in_channel(self, message: Message, job: Job, write: Write) -> discord.Message | None:
        return None if job.guild_id is None else await self._post(self._channel(job), message, job, write)

    async def _by_direct_message(self, message: Message, job: Job, write: Write) -> discord.Message | None:
        return await self._post(await self._client.create_dm(discord.Object(job.user_id)), message, job, write)

    async def _post(self, place: Place, message: Message, job: Job, write: Write) -> discord.Message:
        async with self._pacing.of(place.id):
            # without a time limit of ours: to break off while discord.py sits out a global rate limit would leave
            # it waiting for ever; aiohttp ends every request after five minutes, and other channels go on
            fit = self._fit(write, job, place)
            return await self._hand_over(fit, lambda letter: self._post_once(place, message, job, letter))

    async def _post_once(self, place: Place, message: Message, job: Job, letter: Letter) -> discord.Message:
        """Post the letter; long after the first try no nonce keeps it from being there twice, so look before."""
        letter, earlier, since = self._addressed(letter, job), None, message.posting_since
        await self._outbox.posting(message.id)  # raises HoldLost where another bot may post it by now
        if since is not None and utc_now() - since > NONCE_LIFE:
            earlier = await find_letter(place, letter, self._client.user, since - CLOCKS)
        return earlier or await send_letter(place, letter, message.nonce)

    def _fit(self, write: Write, job: Job, place: Place) -> Write:
        """Let what is written be fit for the place."""

        async def fitting(divisor: int) -> Letter:
            return await fit(self._client, await write(divisor), job, place.id)

        return fitting

    def _addressed(self, letter: Letter, job: Job) -> Letter:
        """Let a letter without pictures say which reply it comes instead of: the person wants to know, and so do we."""
        if letter.enclosures or job.message_id is None:
            return letter
        address = self.ours(job, job.message_id).jump_url
        line = f"-# {say('bot.answer_to', locale=job.locale, address=address)}"
        return replace(letter, content=f"{letter.content}\n{line}", answers=line)

    async def _edit(self, job: Job, letter: Letter) -> discord.Message:
        async with asyncio.timeout(EDIT_SECONDS):
            return await edit_reply(self._client, job, letter)

    async def _hand_over(self, write: Write, send: Send) -> discord.Message:
        """Send the letter, with files of half the size again and again until Discord takes it."""
        divisor = 1
        async with self._slots:
            while True:
                letter = await write(divisor)
                try:
                    return await send(letter)
                except discord.HTTPException as error:
                    if error.status != TOO_LARGE or not letter.enclosures or divisor == SMALLEST:
                        raise
                    log.warning("too large for Discord, halved: %s", error)
                divisor *= 2

    def _channel(self, job: Job) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)


async def fit(client: discord.Client, letter: Letter, job: Job, place_id: int) -> Letter:
    """Return the letter; words alone where it shows what was asked for in an age-restricted channel, and this is none.

    It is asked as the place is now: threads and posts of forums are what their channel is, direct messages are none.
    What somebody asked for alone they may see alone.
    """
    if not job.age_restricted or job.private or not letter.enclosures:
        return letter
    channel = client.get_channel(place_id) or await client.fetch_channel(place_id)
    is_nsfw = getattr(channel, "is_nsfw", None)
    return letter if is_nsfw is not None and is_nsfw() else restricted_letter(job)


async def _unless_closed(way: Way, message: Message, job: Job, write: Write) -> discord.Message | None:
    try:
        return await way(message, job, write)
    except discord.HTTPException as error:
        if not _closes(error):
            raise
        log.info("job %s: %s is closed: %s", job.id, way.__name__, error)
        return None


def _closes(error: discord.HTTPException) -> bool:
    """Say whether Discord closes the way; without a code it is not Discord that answers, but a wall before it."""
    return error.code in CLOSED_CODES or (error.status in CLOSED and error.code != 0)
