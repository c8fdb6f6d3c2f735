"""The use-cases, without Discord: what people can ask for, checked, then enqueued."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bot.caller import Caller
from bot.sizing import Size, choose_size, far_from_native, snap
from config.settings import Limits
from config.words import UserError
from db.history import History, Page, Record, Relative
from db.images import PictureDamaged, PictureStore
from db.jobs import Job, Jobs, NewJob
from db.people import People
from db.uploads import Uploads
from inference.checkpoints import Checkpoint
from inference.request import FACTORS, SEEDS, SIDE, SIDE_MULTIPLE, ImageRequest, InvalidRequest, Sampler, Task
from jobs.clerk import Clerk
from jobs.dispatcher import Dispatcher, Place
from jobs.notes import Note
from moderation.judge import judge
from moderation.policy import Policy
from provenance.intake import take_in
from provenance.thumbnails import shrink_to_fit, thumbnail

STRENGTHS = {"subtle": 0.35, "strong": 0.7}
UPSCALE_STRENGTH = 0.3
CHECK_SECONDS = 10.0
INTAKE_SECONDS = 30.0
SHRINK_SECONDS = 60.0
THUMBNAIL_SIDE = 256
RELATIVES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What /imagine was asked for; None where the checkpoint's own value will do."""

    prompt: str
    negative_prompt: str = ""
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    width: int | None = None
    height: int | None = None
    aspect: str | None = None
    sampler: Sampler | None = None
    checkpoint: str | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Source:
    """A picture to start from. An upload has no record, and names its own size only."""

    sha256: str
    size: Size
    record: Record | None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Ticket:
    """A job that is committed, where it stands in the queue, and what the person should know."""

    job: Job
    place: Place


@dataclass(frozen=True, slots=True)
class Family:
    """What a picture was made from and what was made from it, as far as the viewer may see it."""

    parents: tuple[Relative, ...]
    children: tuple[Relative, ...]


@dataclass(frozen=True, slots=True)
class QueueState:
    """What /queue shows: everybody's numbers, and the caller's own jobs with their places."""

    running: int
    waiting: int
    mine: tuple[Ticket, ...]


class Studio:
    """Everything that people can ask the bot for. Raises UserError with the sentence for the person."""

    def __init__(
        self,
        *,
        checkpoints: Mapping[str, Checkpoint],
        default_checkpoint: str,
        limits: Limits,
        policy: Policy,
        policy_file: Path,
        people: People,
        jobs: Jobs,
        history: History,
        uploads: Uploads,
        store: PictureStore,
        dispatcher: Dispatcher,
        pictures: Clerk,
        prompts: Clerk,
    ) -> None:
        self.checkpoints = checkpoints
        self.default_checkpoint = default_checkpoint
        self.policy = policy
        self.history = history
        self.store = store
        self._policy_file = policy_file
        self.limits = limits
        self._people = people
        self._uploads = uploads
        self._jobs = jobs
        self._dispatcher = dispatcher
        self._pictures = pictures
        self._prompts = prompts

    # The licence

    async def has_accepted(self, user_id: int) -> bool:
        """Say whether the person accepted the use restrictions as they stand today."""
        return await self._people.has_accepted(user_id, self.policy.version)

    async def accept(self, user_id: int) -> None:
        """Remember that the person accepted the use restrictions."""
        await self._people.accept_licence(user_id, self.policy.version)

    # Making pictures

    async def imagine(self, caller: Caller, wish: Wish, *, parent: str | None = None) -> Ticket:
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
            guidance_scale=checkpoint.guidance_scale if wish.guidance is None else wish.guidance,
            sampler=self._sampler(checkpoint, wish.sampler),
            count=wish.count,
        )
        notes = _size_notes(checkpoint, asked, size)
        if wish.negative_prompt and not checkpoint.guided:
            notes += (Note("bot.note_no_negative", {"model": checkpoint.title}),)
        action = "imagine" if parent is None else "remix"
        return await self._enqueue(caller, action, request, notes=notes, parent=parent)

    async def remix(self, caller: Caller, record_id: str, wish: Wish) -> Ticket:
        """Draw a record's picture again with other words or settings."""
        record = await self.record(caller, record_id)
        request = ImageRequest.from_dict(record.request)
        if request.task is not Task.IMAGE_TO_IMAGE:
            return await self.imagine(caller, wish, parent=record.id)
        changed = replace(
            request,
            prompt=wish.prompt,
            negative_prompt=wish.negative_prompt,
            seed=self._seed(wish.seed),
            num_inference_steps=request.num_inference_steps if wish.steps is None else wish.steps,
            guidance_scale=request.guidance_scale if wish.guidance is None else wish.guidance,
            sampler=request.sampler if wish.sampler is None else wish.sampler,
        )
        return await self._enqueue(caller, "remix", changed, parent=record.id)

    async def again(self, caller: Caller, record_id: str) -> Ticket:
        """Make a record's picture again from another seed."""
        record = await self.record(caller, record_id)
        request = replace(ImageRequest.from_dict(record.request), seed=self._seed(None))
        return await self._enqueue(caller, "again", request, parent=record.id)

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
        notes = source.notes + _size_notes(checkpoint, source.size, size)
        return await self._enqueue(caller, "vary", request, notes=notes, parent=_id_of(source))

    async def upscale(self, caller: Caller, source: Source, *, factor: int = 2) -> Ticket:
        """Make a picture larger and sharper: enlarged, then refined by the checkpoint, tile by tile."""
        if factor not in FACTORS:
            raise InvalidRequest("inference.factor", given=factor)
        base, _ = self._settings_of(source)
        width, height = (side * factor // SIDE_MULTIPLE * SIDE_MULTIPLE for side in source.size)
        if max(width, height) > SIDE[1]:
            raise UserError("bot.too_large_to_upscale", size=source.size, factor=factor, limit=SIDE[1])
        request = replace(
            base,
            task=Task.UPSCALE,
            seed=self._seed(None) if source.record is None else base.seed,
            width=width,
            height=height,
            source=source.sha256,
            strength=UPSCALE_STRENGTH,
            factor=factor,
        )
        return await self._enqueue(caller, "upscale", request, notes=source.notes, parent=_id_of(source))

    async def reproduce(self, caller: Caller, record_id: str) -> Ticket:
        """Run a record's request once more and compare the bytes."""
        record = await self.record(caller, record_id)
        request = ImageRequest.from_dict(record.request)
        return await self._enqueue(caller, "reproduce", request, reproduces=record.id)

    # Pictures to start from

    async def source_from_record(self, caller: Caller, record_id: str) -> Source:
        """Return a record's picture as the start of another."""
        record = await self.record(caller, record_id)
        return Source(record.sha256, Size(record.width, record.height), record)

    async def source_from_upload(self, caller: Caller, data: bytes) -> Source:
        """Take in somebody's own picture: bounded, decoded and cleaned in a process of its own."""
        taken = await self._pictures.call(take_in, data, self.limits, timeout=INTAKE_SECONDS)
        sha256 = await self.store.put(taken.png)
        await self._uploads.add(sha256, caller.user_id, taken.width, taken.height)
        notes = tuple(Note(key, {}) for key in taken.notes)
        return Source(sha256, Size(taken.width, taken.height), None, notes)

    # Looking at what was made

    async def record(self, caller: Caller, record_id: str) -> Record:
        """Return a record that the caller may see and use here."""
        record = await self.history.visible(record_id.strip("#` "), caller.user_id, caller.guild_id)
        if record is None:
            raise UserError("bot.no_such_picture", id=record_id[:20])
        if not self.may_show(caller, record):
            raise UserError("bot.age_restricted_picture")
        return record

    def may_show(self, caller: Caller, record: Record) -> bool:
        """Say whether a record that the caller may see may be shown in this place."""
        return caller.age_restricted or caller.private or not record.age_restricted

    async def suggestions(self, caller: Caller, typed: str) -> list[Record]:
        """Return the records that the caller may mean by what was typed so far."""
        found = await self.history.suggestions(caller.user_id, caller.guild_id, typed)
        return [record for record in found if self.may_show(caller, record)]

    async def family(self, caller: Caller, record: Record) -> Family:
        """Return what the record was made from and what was made from it, as far as the caller may see it."""
        parents, children = await self.history.parents(record.id), await self.history.children(record.id)
        return Family(await self._seen(caller, parents), await self._seen(caller, children))

    async def picture(self, record: Record, limit: int) -> tuple[bytes, str]:
        """Return the record's file in at most `limit` bytes, smaller than it is if need be, and its suffix."""
        data = await self._read(record)
        if len(data) <= limit:
            return data, ".png"
        smaller, kind = await self._pictures.call(shrink_to_fit, data, limit, timeout=SHRINK_SECONDS)
        return smaller, f".{kind}"

    async def thumbnail(self, record: Record) -> bytes | None:
        """Return the record's picture small, as WebP; None where the file is lost."""
        try:
            data = await self._read(record)
        except UserError:
            return None
        return await self._pictures.call(thumbnail, data, THUMBNAIL_SIDE, timeout=SHRINK_SECONDS)

    async def search(self, caller: Caller, *, user_id: int | None, text: str | None, page: int, size: int) -> Page:
        """Return a page of the history that the caller may see, newest first."""
        return await self.history.search(
            caller.user_id,
            caller.guild_id,
            age_restricted=caller.age_restricted or caller.private,
            user_id=user_id,
            text=text,
            limit=size,
            offset=page * size,
        )

    async def delete(self, caller: Caller, record_id: str) -> list[Record]:
        """Delete everything of the message that shows the record; its requester or a moderator may."""
        record = await self.record(caller, record_id)
        if not (record.user_id == caller.user_id or (caller.moderator and record.guild_id == caller.guild_id)):
            raise UserError("bot.not_yours_to_delete")
        records = await self.history.of_job(record.job_id)
        for each in records:
            await self.history.delete(each.id, caller.user_id)
        return records

    # The queue

    async def queue(self, caller: Caller) -> QueueState:
        """Return how long the queue is, and where the caller stands in it."""
        mine = [Ticket(job, self._dispatcher.place(job)) for job in await self._jobs.open_of(caller.user_id)]
        running, waiting = self._dispatcher.counts()
        return QueueState(running, waiting, tuple(mine))

    async def cancel(self, caller: Caller, job_id: int | None = None) -> int:
        """Cancel the caller's job, or all of them; return how many."""
        mine = await self._jobs.open_of(caller.user_id)
        chosen = [job for job in mine if job_id is None or job.id == job_id]
        return sum([await self._dispatcher.cancel(job) for job in chosen])

    # What they have in common

    def checkpoint(self, name: str | None) -> Checkpoint:
        """Return a checkpoint that is on offer here."""
        found = self.checkpoints.get(self.default_checkpoint if name is None else name)
        if found is None:
            raise UserError("bot.no_such_model", given=str(name)[:50], models=", ".join(self.checkpoints))
        return found

    async def _enqueue(
        self,
        caller: Caller,
        action: str,
        request: ImageRequest,
        *,
        notes: tuple[Note, ...] = (),
        parent: str | None = None,
        reproduces: str | None = None,
    ) -> Ticket:
        await self._check_words(caller, request)
        await self._check_room(caller, request)
        new = NewJob(
            interaction_id=caller.interaction_id,
            action=action,
            request=request.to_dict(),
            notes=[note.to_dict() for note in notes],
            user_id=caller.user_id,
            guild_id=caller.guild_id,
            channel_id=caller.channel_id,
            application_id=caller.application_id,
            token=caller.token,
            message_id=caller.message_id,
            locale=caller.locale,
            private=caller.private,
            age_restricted=caller.age_restricted,
            pictures=request.count,
            parent_id=parent,
            reproduces=reproduces,
            cost=self._dispatcher.estimate(request),
        )
        job, created = await self._jobs.submit(new)
        if created:
            self._dispatcher.enqueue(job)
        return Ticket(job, self._dispatcher.place(job))

    async def _read(self, record: Record) -> bytes:
        try:
            return await self.store.read(record.sha256)
        except (FileNotFoundError, PictureDamaged) as error:
            raise UserError("bot.picture_lost", id=record.id) from error

    async def _seen(self, caller: Caller, relatives: list[Relative]) -> tuple[Relative, ...]:
        seen = [
            await self.history.visible(each.record.id, caller.user_id, caller.guild_id)
            for each in relatives[:RELATIVES]
        ]
        return tuple(each for each, record in zip(relatives, seen, strict=False) if record is not None)

    async def _check_words(self, caller: Caller, request: ImageRequest) -> None:
        words = (request.prompt, request.negative_prompt, caller.age_restricted)
        decision = await self._prompts.call(judge, self._policy_file, *words, timeout=CHECK_SECONDS)
        if not decision.allowed:
            raise UserError(decision.key or "moderation.check_failed", **decision.values)

    async def _check_room(self, caller: Caller, request: ImageRequest) -> None:
        mine, everybody = await self._jobs.counts(caller.user_id), await self._jobs.count_open()
        if mine.pictures + request.count > self.limits.pending_per_user:
            raise UserError("bot.too_many_of_yours", waiting=mine.pictures, limit=self.limits.pending_per_user)
        if everybody.pictures + request.count > self.limits.pending_in_all:
            minutes = max(1, round(self._dispatcher.seconds_until_room() / 60))
            raise UserError("bot.queue_full", minutes=minutes)

    def _settings_of(self, source: Source) -> tuple[ImageRequest, Checkpoint]:
        if source.record is not None:
            request = ImageRequest.from_dict(source.record.request)
            return request, self.checkpoint(request.checkpoint)
        checkpoint = self.checkpoint(None)
        request = ImageRequest(
            checkpoint=checkpoint.name,
            prompt="",
            seed=0,
            width=checkpoint.native_side,
            height=checkpoint.native_side,
            num_inference_steps=checkpoint.num_inference_steps,
            guidance_scale=checkpoint.guidance_scale,
            sampler=checkpoint.sampler,
        )
        return request, checkpoint

    def _sampler(self, checkpoint: Checkpoint, wanted: Sampler | None) -> Sampler:
        if wanted is None:
            return checkpoint.sampler
        if wanted not in checkpoint.samplers:
            raise UserError("bot.sampler_not_here", given=wanted, samplers=", ".join(checkpoint.samplers))
        return wanted

    @staticmethod
    def _seed(wanted: int | None) -> int:
        return secrets.randbelow(SEEDS) if wanted is None else wanted


def parse_strength(text: str) -> float:
    """Return the strength that "subtle", "strong" or a number means."""
    named = STRENGTHS.get(text.strip().casefold())
    if named is not None:
        return named
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise UserError("bot.strength_unreadable", given=text[:20]) from None


def _id_of(source: Source) -> str | None:
    return None if source.record is None else source.record.id


def _size_notes(checkpoint: Checkpoint, asked: Size, size: Size) -> tuple[Note, ...]:
    notes: tuple[Note, ...] = ()
    if size != asked:
        notes += (Note("bot.note_snapped", {"asked": str(asked), "size": str(size)}),)
    if far_from_native(checkpoint, size):
        native = Size(checkpoint.native_side, checkpoint.native_side)
        notes += (Note("bot.note_far_from_native", {"size": str(size), "native": str(native)}),)
    return notes
