"""The use-cases, without Discord: what people can ask for, checked, then enqueued."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.admission import Admission, Ticket
from bot.caller import Caller
from bot.discipline import Discipline
from bot.fitting import guidance_for, guidance_notes, plain_request, sampler_for, size_notes
from bot.gallery import Gallery
from bot.moderators import Moderators
from bot.privacy import Privacy
from bot.review import Review
from bot.screen import Screen
from bot.sizing import Size, choose_size, snap
from bot.verification import Verification
from bot.wishes import Source, Wish, parse_strength
from config.settings import Limits, Retention
from config.words import UserError
from db.history import Record
from db.images import PictureStore
from db.jobs import Job, Jobs
from db.never_again import NeverAgain
from db.people import People
from db.uploads import Uploads
from inference.checkpoints import Checkpoint
from inference.request import FACTORS, SEEDS, SIDE, SIDE_MULTIPLE, ImageRequest, InvalidRequest, Task
from jobs.clerk import Clerk, ClerkFailed
from jobs.dispatcher import Dispatcher
from jobs.finish import VERSION
from jobs.notes import Note
from moderation.pictures import Sight
from moderation.policy import Policy
from provenance.identity import Identity
from provenance.intake import take_in_signed
from provenance.pdq import pdq_of_file

INTAKE_SECONDS = 30.0
AT_ONCE = 4  # pieces of work after an acknowledgement, so that they do not hold up the acknowledgements of others


@dataclass(frozen=True, slots=True)
class QueueState:
    """What /queue shows: everybody's numbers, and the caller's own jobs with their places."""

    running: int
    waiting: int
    mine: tuple[Ticket, ...]


class Studio:
    """Everything that people can ask the bot for. Raises UserError with the sentence for the person.

    `gallery` has what was made, `review` what is put before moderators, `moderators` what these can do, `privacy` what
    is kept about a person, `verification` what can be told of any picture's origin, `discipline` who is shut out.
    """

    def __init__(
        self,
        *,
        checkpoints: Mapping[str, Checkpoint],
        default_checkpoint: str,
        limits: Limits,
        policy: Policy,
        people: People,
        jobs: Jobs,
        uploads: Uploads,
        never_again: NeverAgain,
        store: PictureStore,
        dispatcher: Dispatcher,
        gallery: Gallery,
        discipline: Discipline,
        review: Review,
        moderators: Moderators,
        privacy: Privacy,
        verification: Verification,
        retention: Retention,
        admission: Admission,
        screen: Screen,
        clerk: Clerk,
        identity: Identity,
    ) -> None:
        self.turns = asyncio.Semaphore(AT_ONCE)
        self.checkpoints = checkpoints
        self.default_checkpoint = default_checkpoint
        self.limits = limits
        self.policy = policy
        self.gallery = gallery
        self.discipline = discipline
        self.review = review
        self.moderators = moderators
        self.privacy = privacy
        self.verification = verification
        self.retention = retention
        self._people = people
        self._jobs = jobs
        self._uploads = uploads
        self._never_again = never_again
        self._store = store
        self._dispatcher = dispatcher
        self._admission = admission
        self._screen = screen
        self._clerk = clerk
        self._identity = identity

    # The licence

    async def has_accepted(self, user_id: int) -> bool:
        """Say whether the person accepted the use restrictions as they stand today."""
        async with self.turns:
            return await self._people.has_accepted(user_id, self.policy.version)

    async def accept(self, user_id: int) -> None:
        """Remember that the person accepted the use restrictions."""
        async with self.turns:
            await self._people.accept_licence(user_id, self.policy.version)

    # Making pictures

    async def imagine(self, caller: Caller, wish: Wish, *, parent: Record | None = None) -> Ticket:
        """Draw new pictures from words; `parent` is the record that was remixed."""
        checkpoint = self.checkpoint(wish.checkpoint)
        asked = choose_size(checkpoint, wish.width, wish.height, wish.aspect)
        size = snap(checkpoint, asked)
        request = ImageRequest(
            checkpoint=checkpoint.name,
            prompt=wish.prompt,
            negative_prompt=wish.negative_prompt,
            seed=self._seed(wish.seed),
            width=size.width,
            height=size.height,
            num_inference_steps=checkpoint.num_inference_steps if wish.steps is None else wish.steps,
            guidance_scale=guidance_for(checkpoint, wish.guidance),
            sampler=sampler_for(checkpoint, wish.sampler),
            count=wish.count,
        )
        notes = size_notes(checkpoint, asked, size) + guidance_notes(checkpoint, wish)
        action = "imagine" if parent is None else "remix"
        return await self._admit(caller, action, request, notes=notes, parent=parent)

    async def remix(self, caller: Caller, record_id: str, wish: Wish) -> Ticket:
        """Draw a record's picture again with other words or settings."""
        record = await self.gallery.record(caller, record_id)
        request = ImageRequest.from_dict(record.request)
        if request.task is not Task.IMAGE_TO_IMAGE:
            return await self.imagine(caller, wish, parent=record)
        if dropped := wish.dropped_on(request):
            raise UserError("bot.remix_keeps", names=", ".join(dropped))
        checkpoint = self.checkpoint(request.checkpoint)
        changed = replace(
            request,
            prompt=wish.prompt,
            negative_prompt=wish.negative_prompt,
            seed=self._seed(wish.seed),
            num_inference_steps=request.num_inference_steps if wish.steps is None else wish.steps,
            guidance_scale=request.guidance_scale if wish.guidance is None else guidance_for(checkpoint, wish.guidance),
            sampler=request.sampler if wish.sampler is None else sampler_for(checkpoint, wish.sampler),
        )
        notes = guidance_notes(checkpoint, wish)
        return await self._admit(caller, "remix", changed, notes=notes, parent=record)

    async def again(self, caller: Caller, record_id: str) -> Ticket:
        """Make all pictures of a record's job again from another seed."""
        record = await self.gallery.record(caller, record_id)
        return await self._again(caller, record, ImageRequest.from_dict((await self.job_of(record)).request))

    async def another(self, caller: Caller, record_id: str) -> Ticket:
        """Make a record's picture alone again from another seed."""
        record = await self.gallery.record(caller, record_id)
        return await self._again(caller, record, ImageRequest.from_dict(record.request))

    async def vary(
        self,
        caller: Caller,
        source: Source,
        *,
        strength: str = "subtle",
        prompt: str | None = None,
        seed: int | None = None,
    ) -> Ticket:
        """Make a new picture from an old one: image to image on it."""
        base, checkpoint = self._settings_of(source)
        size = snap(checkpoint, source.size)
        request = replace(
            base,
            task=Task.IMAGE_TO_IMAGE,
            prompt=base.prompt if prompt is None else prompt,
            seed=self._seed(seed),
            width=size.width,
            height=size.height,
            source=source.sha256,
            strength=parse_strength(strength),
            factor=None,
        )
        notes = source.notes + size_notes(checkpoint, source.size, size)
        return await self._admit(caller, "vary", request, notes=notes, parent=source.record)

    async def upscale(self, caller: Caller, source: Source, *, factor: int = 2) -> Ticket:
        """Make a picture larger and sharper: enlarged, then redrawn by the checkpoint as far as its entry says."""
        if factor not in FACTORS:
            raise InvalidRequest("inference.factor", given=factor)
        base, checkpoint = self._settings_of(source)
        width, height = (side * factor // SIDE_MULTIPLE * SIDE_MULTIPLE for side in source.size)
        if max(width, height) > SIDE[1]:
            raise UserError("bot.too_large_to_upscale", size=source.size, factor=factor, limit=SIDE[1])
        asked, size = Size(source.size.width * factor, source.size.height * factor), Size(width, height)
        notes = source.notes
        if size != asked:
            notes += (Note("bot.note_snapped", {"asked": str(asked), "size": str(size)}),)
        request = replace(
            base,
            task=Task.UPSCALE,
            seed=self._seed(None) if source.record is None else base.seed,
            width=width,
            height=height,
            source=source.sha256,
            strength=checkpoint.upscale_strength,
            factor=factor,
        )
        return await self._admit(caller, "upscale", request, notes=notes, parent=source.record)

    async def reproduce(self, caller: Caller, record_id: str) -> Ticket:
        """Run a record's request once more and compare the bytes."""
        record = await self.gallery.record(caller, record_id)
        request = self._request_of(record)
        return await self._admit(caller, "reproduce", request, reproduces=record)

    # Pictures to start from

    async def source_from_record(self, caller: Caller, record_id: str) -> Source:
        """Return a record's picture as the start of another."""
        record = await self.gallery.record(caller, record_id)
        return Source(record.sha256, Size(record.width, record.height), record)

    async def source_from_upload(self, caller: Caller, data: bytes) -> Source:
        """Take in somebody's own picture: bounded, decoded and cleaned in a process of its own."""
        taken = await self._clerk.call(
            take_in_signed, data, self.limits, VERSION, self._identity, timeout=INTAKE_SECONDS
        )
        if taken.text.strip() or taken.negative.strip():
            await self._admission.check_words(caller, taken.text, taken.negative)
        await self._check_upload(caller, taken.png)
        sha256 = await self._store.put(taken.png)
        await self._uploads.add(sha256, caller.user_id, taken.width, taken.height)
        notes = tuple(Note(key, {}) for key in taken.notes)
        return Source(sha256, Size(taken.width, taken.height), None, notes)

    # The queue

    async def queue(self, caller: Caller) -> QueueState:
        """Return how long the queue is, and where the caller stands in it."""
        async with self.turns:
            mine = [Ticket(job, self._dispatcher.place(job)) for job in await self._jobs.open_of(caller.user_id)]
        running, waiting = self._dispatcher.counts()
        return QueueState(running, waiting, tuple(mine))

    async def cancel(self, caller: Caller, job_id: int | None = None) -> int:
        """Cancel all of the caller's jobs, or one that is theirs or of the guild they moderate; return how many."""
        chosen = await self._jobs.open_of(caller.user_id)
        if job_id is not None:
            job = await self._jobs.get(job_id)
            chosen = [job] if job is not None and _may_cancel(caller, job) else []
        return sum([await self._dispatcher.cancel(job) for job in chosen])

    # What they have in common

    def checkpoint(self, name: str | None) -> Checkpoint:
        """Return a checkpoint that is on offer here."""
        found = self.checkpoints.get(self.default_checkpoint if name is None else name)
        if found is None:
            raise UserError("bot.no_such_model", given=str(name)[:50], models=", ".join(self.checkpoints))
        return found

    async def _check_upload(self, caller: Caller, data: bytes) -> None:
        """Refuse what the policy does not let anybody see, and what the guild never wants to see again."""
        try:
            judgement = await self._screen.judge_upload(caller.guild_id, data, age_restricted=caller.age_restricted)
        except ClerkFailed as error:  # what was not looked at is not allowed
            raise UserError("people.upload_unchecked") from error
        if judgement.sight in (Sight.HELD, Sight.STOPPED):
            raise await self.discipline.refuse_upload(caller, judgement)
        if caller.guild_id is None or not await self._never_again.of(caller.guild_id):
            return
        pdq = await self._clerk.call(pdq_of_file, data, timeout=INTAKE_SECONDS)
        if pdq is not None and await self._never_again.stops(caller.guild_id, caller.user_id, pdq):
            raise UserError("people.upload_unwanted")

    async def _admit(self, caller: Caller, action: str, request: ImageRequest, **more: Any) -> Ticket:
        async with self.turns:
            return await self._admission.admit(caller, action, request, **more)

    async def _again(self, caller: Caller, record: Record, request: ImageRequest) -> Ticket:
        self.checkpoint(request.checkpoint)
        request = replace(request, seed=self._seed(None))
        return await self._admit(caller, "again", request, parent=record)

    async def job_of(self, record: Record) -> Job:
        """Return the job that made the record's picture."""
        job = await self._jobs.get(record.job_id)
        assert job is not None, "the record refers to the job table"
        return job

    def _request_of(self, record: Record) -> ImageRequest:
        """Return what the record was made from, if its checkpoint is still on offer."""
        request = ImageRequest.from_dict(record.request)
        self.checkpoint(request.checkpoint)
        return request

    def _settings_of(self, source: Source) -> tuple[ImageRequest, Checkpoint]:
        if source.record is not None:
            request = ImageRequest.from_dict(source.record.request)
            return request, self.checkpoint(request.checkpoint)
        checkpoint = self.checkpoint(None)
        return plain_request(checkpoint), checkpoint

    @staticmethod
    def _seed(wanted: int | None) -> int:
        return secrets.randbelow(SEEDS) if wanted is None else wanted


def _may_cancel(caller: Caller, job: Job) -> bool:
    return job.user_id == caller.user_id or (job.channel_id in caller.moderates)
