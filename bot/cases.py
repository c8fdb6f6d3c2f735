"""A case in the moderators' channel: what it says, which buttons it has, and that it gets there."""

import asyncio
import logging
import time

import aiohttp
import discord

from bot.composer import HEADROOM, SMALLEST_LIMIT
from bot.gallery import Gallery, PictureLost
from bot.interaction import Host
from bot.letters import NOBODY, Enclosure, Letter, send_letter
from bot.replies import alt_text
from bot.review import Review
from bot.views.cases import case_view
from bot.wording import escape, moment, quote, shorten
from config.words import FALLBACK, say
from db.cases import Case, CaseKind
from db.conduct import Refusal
from jobs.clerk import ClerkFailed
from moderation.policy import Policy

POLL_SECONDS = 30.0
CLOSED_SECONDS = 60.0
WORDS_LENGTH = 400  # of each: both prompts, the person's text, the notes; all of it fits a message

log = logging.getLogger(__name__)


class Desk:
    """Posts cases to the moderators, again and again until they are there.

    A channel that does not take them is left alone for a while.
    """

    def __init__(self, client: Host, review: Review, gallery: Gallery, policy: Policy) -> None:
        self._client = client
        self._review = review
        self._gallery = gallery
        self._policy = policy
        self._closed: dict[int, float] = {}  #: channels that took nothing, and until when they are left alone

    async def run(self) -> None:
        """Post until cancelled."""
        await self._client.logged_in.wait()
        while True:
            self._review.news.clear()
            try:
                for case, channel_id in await self._review.unposted():
                    if self._closed.get(channel_id, 0.0) <= time.monotonic():
                        await self._try_to_post(case, channel_id)
            except Exception:
                log.exception("the moderators' cases cannot be read, again in %g s", POLL_SECONDS)
            await self._wait()

    async def text(self, case: Case) -> str:
        """Return what the moderators read of a case."""
        return case_text(case, await self._review.refusal_of(case), self._policy)

    async def tell(self, user_id: int, text: str) -> None:
        """Write to somebody directly, if they take that."""
        try:
            channel = await self._client.create_dm(discord.Object(user_id))
            await channel.send(text, allowed_mentions=NOBODY)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.info("user %s could not be told: %s", user_id, error)

    async def _try_to_post(self, case: Case, channel_id: int) -> None:
        """Post a case; whatever is wrong with it holds up no other."""
        try:
            await self._post(case, channel_id)
        except Exception:
            log.exception("case %s is not posted", case.id)

    async def _post(self, case: Case, channel_id: int) -> None:
        channel = self._client.get_partial_messageable(channel_id)
        letter = Letter(await self.text(case), await self._enclosures(case), case_view(case))
        try:
            sent = await send_letter(channel, letter, f"case-{case.id}")
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("case %s cannot be posted in channel %s: %s", case.id, channel_id, error)
            self._closed[channel_id] = time.monotonic() + CLOSED_SECONDS
            return
        await self._review.posted(case, channel_id, sent.id)

    async def _enclosures(self, case: Case) -> tuple[Enclosure, ...]:
        """Return the picture that moderators have to look at, hidden until they click on it."""
        record = await self._review.picture_of(case)
        if record is None or record.deleted_at is not None:
            return ()
        try:
            data, suffix = await self._gallery.picture(record, SMALLEST_LIMIT - HEADROOM)
        except (PictureLost, ClerkFailed):
            log.exception("case %s is posted without its picture", case.id)
            return ()
        alt = say("people.case_held_alt", alt=alt_text(record, FALLBACK))
        return (Enclosure(f"imagine-{record.id}{suffix}", data, alt, spoiler=True),)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._review.news.wait()
        except TimeoutError:
            return


def case_text(case: Case, refusal: Refusal | None, policy: Policy) -> str:
    """Return a case in words; `refusal` is the one behind the strike that it is about."""
    lines = [_heading(case), *_refusal_lines(refusal, policy)]
    if case.text:
        lines += [say("people.case_words"), quote(case.text, WORDS_LENGTH)]
    if case.note:
        lines += [say("people.case_notes"), quote(shorten(case.note, WORDS_LENGTH), WORDS_LENGTH)]
    if case.closed_at is not None:
        outcome = say(f"people.case_{case.outcome.value}")
        lines.append(say("people.case_decided", outcome=outcome, by=case.closed_by, when=moment(case.closed_at, "f")))
    return "\n".join(lines)


def _heading(case: Case) -> str:
    if case.kind is CaseKind.ALERT:
        return say("people.case_alert", id=case.id, user=case.user_id)
    if case.kind is CaseKind.SIGHTING:
        return say("people.case_sighting", id=case.id, user=case.user_id)
    if case.kind is CaseKind.HELD:
        return say("people.case_held", id=case.id, user=case.user_id, record=case.record_id)
    if case.kind is CaseKind.APPEAL:
        key = "people.case_appeal_ban" if case.strike_id is None else "people.case_appeal"
        return say(key, id=case.id, user=case.user_id)
    return say("people.case_report", id=case.id, user=case.user_id, by=case.opened_by, record=case.record_id)


def _refusal_lines(refusal: Refusal | None, policy: Policy) -> list[str]:
    if refusal is None or refusal.label is None:
        return []
    title = policy.find(refusal.label).title
    line = say(
        "people.case_refusal",
        label=refusal.label,
        title=title,
        version=escape(refusal.policy_version),
        when=moment(refusal.at, "f"),
    )
    if refusal.words is None:
        return [line, say("people.words_forgotten")]
    return [line, *(quote(words, WORDS_LENGTH) for words in refusal.words.values() if words.strip())]
