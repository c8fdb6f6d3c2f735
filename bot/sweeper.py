"""Takes what people had erased out of the channels, after a restart too."""

import asyncio
import logging

from bot.interaction import Host
from bot.removal import remove_message
from config.words import say
from db.removals import Removals

EVERY_SECONDS = 60.0

log = logging.getLogger(__name__)


class Sweeper:
    """Removes messages one after the other until none is due; `news` is set when there are more."""

    def __init__(self, client: Host, removals: Removals) -> None:
        self.news = asyncio.Event()
        self._client = client
        self._removals = removals

    async def run(self) -> None:
        """Sweep until cancelled."""
        await self._client.logged_in.wait()
        while True:
            self.news.clear()
            try:
                await self._sweep()
            except Exception:
                log.exception("what was erased is not out of all channels yet, again in %g s", EVERY_SECONDS)
            await self._wait()

    async def _sweep(self) -> None:
        """Remove what is due; what Discord does not answer for is due again."""
        for each in await self._removals.due():
            if await remove_message(self._client, each.channel_id, each.message_id, say("people.erased_here")):
                await self._removals.done(each.message_id)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(EVERY_SECONDS):
                await self.news.wait()
        except TimeoutError:
            return
