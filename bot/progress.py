"""The replies of jobs that wait or run: position, then steps with a preview, the latest state only."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp
import discord
from asyncio_throttle.throttler import Throttler

from bot.letters import Letter, edit_reply, token_lives
from bot.replies import running_letter, waiting_letter
from config.logs import about
from db.tables.job import Job
from jobs.attempt import Outcome, Running
from jobs.dispatcher import Dispatcher
from jobs.place import Place

MOVED_EVERY = 5.0  # seconds between looks at who moved up
EDIT_SECONDS = 30.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Card:
    """What is known of a job that is not over, and whether its reply says so already."""

    job: Job
    place: Place
    step: int = 0
    of: int = 0
    preview: bytes | None = None
    closed: bool = False
    stale: asyncio.Event = field(default_factory=asyncio.Event)
    editing: asyncio.Lock = field(default_factory=asyncio.Lock)
    task: asyncio.Task[None] | None = None

    def moved(self, place: Place) -> None:
        """Take its new place; whoever begins to run begins from the first step."""
        self.place, self.step, self.of, self.preview = place, 0, 0, None
        self.stale.set()


class ProgressBoard:
    """Keeps the replies of open jobs up to date. The dispatcher's audience."""

    def __init__(
        self, *, client: discord.Client, dispatcher: Dispatcher, every: float, ended: Callable[[], None]
    ) -> None:
        self._client = client
        self._dispatcher = dispatcher
        self._every = every
        self._ended = ended
        self._cards: dict[int, Card] = {}

    def queued(self, job: Job, place: Place) -> None:
        """Follow a job from now on."""
        if job.id in self._cards:  # put back after a lost attempt: its reply is followed already
            self._cards[job.id].moved(place)
            return
        card = self._cards[job.id] = Card(job, place)
        card.stale.set()
        card.task = asyncio.create_task(self._keep(card), name=f"progress of job {job.id}")

    def started(self, job: Job) -> None:
        """Say that a worker has the job."""
        if card := self._cards.get(job.id):
            card.moved(self._dispatcher.place(job))

    def progress(self, job: Job, step: int, of: int) -> None:
        """Say how far it is."""
        if card := self._cards.get(job.id):
            card.step, card.of = step, of
            card.stale.set()

    def preview(self, job: Job, jpeg: bytes | None) -> None:
        """Show what the pictures look like so far; None takes back what was shown of them."""
        if card := self._cards.get(job.id):
            card.preview = jpeg
            card.stale.set()

    def settled(self, attempt: Running, outcome: Outcome) -> None:
        """Ignore it: people are told of jobs, not of attempts."""

    def ended(self, job: Job) -> None:
        """Stop following; the outbox has the rest."""
        card = self._cards.get(job.id)
        if card is not None:
            card.closed = True
        self._ended()

    async def settle(self, job_id: int) -> None:
        """Return when no edit of the job's reply is under way or will come: then the result may be written."""
        card = self._cards.pop(job_id, None)
        if card is None or card.task is None:
            return
        card.closed = True
        async with card.editing:
            card.task.cancel()

    async def run(self) -> None:
        """Tell those who wait when they have moved up, until cancelled."""
        while True:
            await asyncio.sleep(MOVED_EVERY)
            places = self._dispatcher.places()
            for card in self._cards.values():
                now = places.get(card.job.id, card.place)
                if not (card.closed or card.place.running or now.running):
                    if (now.ahead, now.reason) != (card.place.ahead, card.place.reason):
                        card.stale.set()
                    card.place = now

    async def close(self) -> None:
        """Stop following every job at once, edits under way too: nothing comes after them."""
        tasks = [card.task for card in self._cards.values() if card.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._cards.clear()

    async def _keep(self, card: Card) -> None:
        throttler = Throttler(rate_limit=1, period=self._every, retry_interval=0.05)
        with about(job=card.job.id):
            while token_lives(card.job):
                await card.stale.wait()
                async with throttler, card.editing:
                    if card.closed:
                        return
                    card.stale.clear()  # before the edit: news that come meanwhile ask for another one
                    await self._edit(card)

    async def _edit(self, card: Card) -> None:
        try:
            async with asyncio.timeout(EDIT_SECONDS):
                await edit_reply(self._client, card.job, self._letter(card))
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.info("job %s: progress not shown: %s", card.job.id, error)  # the next one, or the result, will be

    def _letter(self, card: Card) -> Letter:
        if card.place.running:
            seconds = self._dispatcher.place(card.job).seconds
            return running_letter(card.job, step=card.step, of=card.of, preview=card.preview, seconds=seconds)
        return waiting_letter(card.job, card.place)
