"""The use-cases, without Discord: what people can ask for, checked, then enqueued."""

from asyncio import Semaphore
from dataclasses import dataclass

from bot.adapters import AdapterShelf
from bot.admission import Ticket
from bot.caller import Caller
from bot.catalogue import Catalogue
from bot.changing import Changing
from bot.collection import Collection
from bot.comparing import Comparing
from bot.describing import Describing
from bot.discipline import Discipline
from bot.drawing import Drawing
from bot.finding import Finding
from bot.gallery import Gallery
from bot.genealogy import Genealogy
from bot.masks import Masks
from bot.moderators import Moderators
from bot.offering import Offering
from bot.preferences import Preferences
from bot.privacy import Privacy
from bot.review import Review
from bot.sources import Sources
from bot.status import StatusReport
from bot.styles import Styles
from bot.verification import Verification
from config.settings import Limits, Retention
from db.history import Record
from db.jobs import Job, Jobs
from db.people import People
from jobs.dispatcher import Dispatcher
from moderation.policy import Policy


@dataclass(frozen=True, slots=True)
class QueueState:
    """What /queue shows: everybody's numbers, and the caller's own jobs with their places."""

    running: int
    waiting: int
    mine: tuple[Ticket, ...]


@dataclass(kw_only=True, eq=False)
class Studio:
    """Everything that people can ask the bot for. Raises UserError with the sentence for the person.

    `drawing` makes new pictures, after `offering` them where it is several prompts, by what `styles`, `preferences` and
    `adapters` give; `comparing` draws over values of settings, `changing` makes new pictures from old, which `sources`
    has; `gallery` has what was made, `finding` looks for it, `genealogy` knows what was made from what, `collection`
    what people like and share, `review` what is put before moderators, `moderators` what these can do, `status` what
    they see of how the bot is doing, `privacy` what is kept about a person, `verification` what can be told of any
    picture's origin, `describing` puts pictures into words where it can, `discipline` who is shut out, `masks` where
    edits apply. `turns` are taken by what follows an acknowledgement, so that it does not hold up the
    acknowledgements of others.
    """

    turns: Semaphore
    catalogue: Catalogue
    limits: Limits
    policy: Policy
    people: People
    jobs: Jobs
    dispatcher: Dispatcher
    drawing: Drawing
    offering: Offering
    styles: Styles
    preferences: Preferences
    adapters: AdapterShelf
    comparing: Comparing
    changing: Changing
    sources: Sources
    masks: Masks
    gallery: Gallery
    finding: Finding
    genealogy: Genealogy
    collection: Collection
    discipline: Discipline
    review: Review
    moderators: Moderators
    status: StatusReport
    privacy: Privacy
    verification: Verification
    describing: Describing | None
    retention: Retention

    # The licence

    async def has_accepted(self, user_id: int) -> bool:
        """Say whether the person accepted the use restrictions as they stand today."""
        async with self.turns:
            return await self.people.has_accepted(user_id, self.policy.version)

    async def accept(self, user_id: int) -> None:
        """Remember that the person accepted the use restrictions."""
        async with self.turns:
            await self.people.accept_licence(user_id, self.policy.version)

    # The queue

    async def queue(self, caller: Caller) -> QueueState:
        """Return how long the queue is, and where the caller stands in it."""
        async with self.turns:
            mine = [Ticket(job, self.dispatcher.place(job)) for job in await self.jobs.open_of(caller.user_id)]
        running, waiting = self.dispatcher.counts()
        return QueueState(running, waiting, tuple(mine))

    async def cancel(self, caller: Caller, job_id: int | None = None) -> int:
        """Cancel all of the caller's jobs, or one that is theirs or of the guild they moderate; return how many."""
        chosen = await self.jobs.open_of(caller.user_id)
        if job_id is not None:
            job = await self.jobs.get(job_id)
            chosen = [job] if job is not None and _may_cancel(caller, job) else []
        return sum([await self.dispatcher.cancel(job) for job in chosen])

    async def job_of(self, record: Record) -> Job:
        """Return the job that made the record's picture."""
        job = await self.jobs.get(record.job_id)
        assert job is not None, "the record refers to the job table"
        return job


def _may_cancel(caller: Caller, job: Job) -> bool:
    return job.user_id == caller.user_id or (job.channel_id in caller.moderates)
