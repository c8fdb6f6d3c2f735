"""New pictures: from words, and from what is known of older ones. Checked, then enqueued."""

import secrets
from dataclasses import replace

from bot.admission import Admission, Ticket
from bot.caller import Caller
from bot.catalogue import Catalogue
from bot.fitting import guidance_for, guidance_notes, sampler_for, size_notes
from bot.gallery import Gallery
from bot.sizing import choose_size, snap
from bot.wishes import Wish
from config.words import UserError
from db.history import Record
from db.jobs import Jobs
from inference.request import SEEDS, ImageRequest, Task

CHANGED = (Task.IMAGE_TO_IMAGE, Task.INPAINT, Task.OUTPAINT, Task.BLEND)  # what other words change, not only settings


class Drawing:
    """Lets pictures be drawn. Raises UserError with the sentence for the person."""

    def __init__(self, *, catalogue: Catalogue, gallery: Gallery, jobs: Jobs, admission: Admission) -> None:
        self._catalogue = catalogue
        self._gallery = gallery
        self._jobs = jobs
        self._admission = admission

    async def imagine(self, caller: Caller, wish: Wish, *, parent: Record | None = None) -> Ticket:
        """Draw new pictures from words; `parent` is the record that was remixed."""
        checkpoint = self._catalogue.choose(wish.checkpoint)
        asked = choose_size(checkpoint, wish.width, wish.height, wish.aspect)
        size = snap(checkpoint, asked)
        request = ImageRequest(
            checkpoint=checkpoint.name,
            prompt=wish.prompt,
            negative_prompt=wish.negative_prompt,
            seed=choose_seed(wish.seed),
            width=size.width,
            height=size.height,
            num_inference_steps=checkpoint.num_inference_steps if wish.steps is None else wish.steps,
            guidance_scale=guidance_for(checkpoint, wish.guidance),
            sampler=sampler_for(checkpoint, wish.sampler),
            count=wish.count,
        )
        notes = size_notes(checkpoint, asked, size) + guidance_notes(checkpoint, wish)
        action = "imagine" if parent is None else "remix"
        return await self._admission.admit(caller, action, request, notes=notes, parent=parent)

    async def remix(self, caller: Caller, record_id: str, wish: Wish) -> Ticket:
        """Draw a record's picture again with other words or settings."""
        record = await self._gallery.record(caller, record_id)
        request = ImageRequest.from_dict(record.request)
        if request.task not in CHANGED:
            return await self.imagine(caller, wish, parent=record)
        if dropped := wish.dropped_on(request):
            raise UserError("bot.remix_keeps", names=", ".join(dropped))
        checkpoint = self._catalogue.choose(request.checkpoint)
        changed = replace(
            request,
            prompt=wish.prompt,
            blended=tuple(replace(each, prompt=wish.prompt) for each in request.blended),
            negative_prompt=wish.negative_prompt,
            seed=choose_seed(wish.seed),
            num_inference_steps=request.num_inference_steps if wish.steps is None else wish.steps,
            guidance_scale=request.guidance_scale if wish.guidance is None else guidance_for(checkpoint, wish.guidance),
            sampler=request.sampler if wish.sampler is None else sampler_for(checkpoint, wish.sampler),
        )
        notes = guidance_notes(checkpoint, wish)
        return await self._admission.admit(caller, "remix", changed, notes=notes, parent=record)

    async def again(self, caller: Caller, record_id: str) -> Ticket:
        """Make all pictures of a record's job again from another seed."""
        record = await self._gallery.record(caller, record_id)
        return await self._again(caller, record, await self._request_of_job(record))

    async def another(self, caller: Caller, record_id: str) -> Ticket:
        """Make a record's picture alone again from another seed."""
        record = await self._gallery.record(caller, record_id)
        return await self._again(caller, record, ImageRequest.from_dict(record.request))

    async def reproduce(self, caller: Caller, record_id: str) -> Ticket:
        """Run a record's request once more and compare the bytes."""
        record = await self._gallery.record(caller, record_id)
        request = ImageRequest.from_dict(record.request)
        self._catalogue.maker(request.checkpoint)
        return await self._admission.admit(caller, "reproduce", request, reproduces=record)

    async def _again(self, caller: Caller, record: Record, request: ImageRequest) -> Ticket:
        self._catalogue.maker(request.checkpoint)
        request = replace(request, seed=choose_seed())
        return await self._admission.admit(caller, "again", request, parent=record)

    async def _request_of_job(self, record: Record) -> ImageRequest:
        """Return what the record was made from, together with those that were made with it."""
        job = await self._jobs.get(record.job_id)
        assert job is not None, "the record refers to the job table"
        return ImageRequest.from_dict(job.request)


def choose_seed(wanted: int | None = None) -> int:
    """Return the seed that was wished for, or any."""
    return secrets.randbelow(SEEDS) if wanted is None else wanted
