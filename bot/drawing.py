"""New pictures: from words, and from what is known of older ones. Checked, then enqueued."""

from dataclasses import replace
from typing import Any

from bot.admission import Admission, Ticket
from bot.caller import Caller
from bot.catalogue import Catalogue
from bot.composing import Composing
from bot.fitting import guidance_for, guidance_notes, sampler_for
from bot.gallery import Gallery
from bot.offering import Offered, Offering
from bot.seeds import choose_seed, reseeded
from bot.wishes import Wish
from config.words import UserError
from db.history import Record
from db.jobs import Job, Jobs
from inference.request import ImageRequest, Task

CHANGED = (Task.IMAGE_TO_IMAGE, Task.INPAINT, Task.OUTPAINT, Task.BLEND)  # what other words change, not only settings


class Drawing:
    """Lets pictures be drawn. Raises UserError with the sentence for the person."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        gallery: Gallery,
        jobs: Jobs,
        admission: Admission,
        composing: Composing,
        offering: Offering,
    ) -> None:
        self._catalogue = catalogue
        self._gallery = gallery
        self._jobs = jobs
        self._admission = admission
        self._composing = composing
        self._offering = offering

    async def imagine(self, caller: Caller, wish: Wish) -> Ticket | Offered:
        """Draw new pictures from words; where these stand for several prompts, ask first."""
        composition = await self._composing.compose(caller, wish)
        if composition.request.variants:
            return await self._offering.offer(caller, composition)
        return await self._admission.admit(caller, "imagine", composition.request, notes=composition.notes)

    async def remix(self, caller: Caller, record_id: str, wish: Wish) -> Ticket:
        """Draw a record's picture again with other words or settings."""
        record = await self._gallery.origin(caller, record_id)
        request = ImageRequest.from_dict(record.request)
        if request.task not in CHANGED:
            made = await self._composing.recompose(caller, wish)
            kept = request.variations if wish.seed == request.seed else ()  # the noise is not the seed's alone
            varied = replace(made.request, variations=kept)
            return await self._admission.admit(caller, "remix", varied, notes=made.notes, parent=record)
        if dropped := wish.dropped_on(request):
            raise UserError("bot.remix_keeps", names=", ".join(dropped))
        checkpoint = self._catalogue.choose(request.checkpoint)
        changed = replace(
            request,
            prompt=wish.prompt,
            blended=tuple(replace(each, prompt=wish.prompt) for each in request.blended),
            negative_prompt=wish.negative_prompt or "",
            seed=choose_seed(wish.seed),
            num_inference_steps=request.num_inference_steps if wish.steps is None else wish.steps,
            guidance_scale=request.guidance_scale if wish.guidance is None else guidance_for(checkpoint, wish.guidance),
            sampler=request.sampler if wish.sampler is None else sampler_for(checkpoint, wish.sampler),
        )
        notes = guidance_notes(checkpoint, wish)
        return await self._admission.admit(caller, "remix", changed, notes=notes, parent=record)

    async def again(self, caller: Caller, record_id: str) -> Ticket:
        """Make all pictures of a record's job again from another seed."""
        record = await self._gallery.origin(caller, record_id)
        job = await self._job_of(record)
        return await self._again(caller, record, ImageRequest.from_dict(job.request), sheet=job.sheet)

    async def another(self, caller: Caller, record_id: str) -> Ticket:
        """Make a record's picture alone again from another seed."""
        record = await self._gallery.origin(caller, record_id)
        return await self._again(caller, record, ImageRequest.from_dict(record.request))

    async def reproduce(self, caller: Caller, record_id: str) -> Ticket:
        """Run a record's request once more and compare the bytes."""
        record = await self._gallery.record(caller, record_id)
        request = ImageRequest.from_dict(record.request)
        self._catalogue.maker(request.checkpoint)
        return await self._admission.admit(caller, "reproduce", request, reproduces=record)

    async def _again(
        self, caller: Caller, record: Record, request: ImageRequest, sheet: dict[str, Any] | None = None
    ) -> Ticket:
        for single in request.singles():
            self._catalogue.maker(single.checkpoint)
        return await self._admission.admit(caller, "again", reseeded(request), parent=record, sheet=sheet)

    async def _job_of(self, record: Record) -> Job:
        """Return what made the record, together with those that were made with it."""
        job = await self._jobs.get(record.job_id)
        assert job is not None, "the record refers to the job table"
        return job
