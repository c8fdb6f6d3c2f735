"""Pictures put into words, for people who want to know what a model would see in them."""

import logging

from bot.caller import Caller
from bot.screen import Screen
from bot.wishes import Source
from config.words import UserError
from db.images import PictureDamaged, PictureStore
from inference.captions import describe
from inference.viewers import Viewer
from jobs.clerk import Clerk, ClerkFailed

DESCRIBE_SECONDS = 120.0  # the first one loads the network

log = logging.getLogger(__name__)


class Describing:
    """Describes one picture at a time for each person. Raises UserError with the sentence for the person."""

    def __init__(self, *, captioner: Viewer, clerk: Clerk, store: PictureStore, screen: Screen) -> None:
        self._captioner = captioner
        self._clerk = clerk
        self._store = store
        self._screen = screen
        self._busy: set[int] = set()  #: people whose picture is looked at or waits for it

    async def describe(self, caller: Caller, source: Source) -> str:
        """Return what a picture shows, in words that the policy allows."""
        if caller.user_id in self._busy:
            raise UserError("describe.one_at_a_time")
        self._busy.add(caller.user_id)
        try:
            words = await self._caption(source)
        finally:
            self._busy.discard(caller.user_id)
        await self._check(caller, words)
        return words

    async def _caption(self, source: Source) -> str:
        try:
            png = await self._store.read(source.sha256)
        except (FileNotFoundError, PictureDamaged) as error:
            raise UserError("jobs.source_gone") from error
        try:
            words = await self._clerk.call(describe, self._captioner, png, timeout=DESCRIBE_SECONDS)
        except Exception as error:
            log.exception("captioner %s", self._captioner.name)
            raise UserError("describe.failed") from error
        if not words:
            raise UserError("describe.nothing")
        return words

    async def _check(self, caller: Caller, words: str) -> None:
        """Let through what the policy allows; nobody is punished for what a network says."""
        try:
            decision = await self._screen.judge_words(caller.guild_id, words, "", age_restricted=caller.age_restricted)
        except ClerkFailed as error:
            raise UserError("moderation.check_failed") from error
        if not decision.allowed:
            raise UserError("describe.refused")
