"""New pictures from old ones: varied, redrawn in part, continued, enlarged, blended. Checked, then enqueued."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.admission import Admission, Ticket
from bot.caller import Caller
from bot.catalogue import Catalogue
from bot.enlarging import as_drawn, way_of
from bot.fitting import plain_request, size_notes
from bot.framing import Frame, around
from bot.seeds import choose_seed
from bot.sizing import Size, snap
from bot.wishes import Mask, Source, parse_strength
from bot.wording import shorten
from config.words import UserError
from inference.checkpoints import Checkpoint
from inference.request import (
    BLENDED,
    PROMPT_LENGTH,
    SIDE,
    SIDE_MULTIPLE,
    Blended,
    ImageRequest,
    InvalidRequest,
    Task,
    Variation,
)
from jobs.notes import Note

BLEND_STRENGTH = 0.7  # less leaves a double exposure, more forgets the pictures
SEED_STRENGTHS = {"subtle": 0.15, "strong": 0.45}


Choose = Callable[[Checkpoint, Size], Frame]  # of a picture's size


class Changing:
    """Lets pictures be changed. Raises UserError with the sentence for the person."""

    def __init__(self, *, catalogue: Catalogue, admission: Admission) -> None:
        self._catalogue = catalogue
        self._admission = admission

    async def vary(
        self,
        caller: Caller,
        source: Source,
        *,
        strength: str = "subtle",
        prompt: str | None = None,
        negative_prompt: str | None = None,
        seed: int | None = None,
    ) -> Ticket:
        """Make a new picture from an old one: image to image on it. Strength 0 gives it back, 1 ignores it."""
        base, checkpoint = self._settings_of(source)
        size = snap(checkpoint, source.size)
        request = replace(
            _worded(base, prompt, negative_prompt),
            task=Task.IMAGE_TO_IMAGE,
            seed=choose_seed(seed),
            width=size.width,
            height=size.height,
            source=source.sha256,
            strength=parse_strength(strength),
        )
        notes = source.notes + size_notes(checkpoint, source.size, size)
        return await self._admission.admit(caller, "vary", request, notes=notes, parent=source.record)

    async def vary_by_seed(
        self,
        caller: Caller,
        source: Source,
        *,
        strength: str = "subtle",
        prompt: str | None = None,
        seed: int | None = None,
    ) -> Ticket:
        """Draw a picture once more from noise that is turned towards another seed's."""
        if source.record is None:
            raise UserError("bot.no_seed_known")
        request = ImageRequest.from_dict(source.record.request)
        self._catalogue.maker(request.checkpoint)
        if request.task is Task.UPSCALE:  # each of its tiles has noise of its own
            raise UserError("bot.enlarged_from_no_seed")
        variation = Variation(seed=choose_seed(seed), strength=parse_strength(strength, SEED_STRENGTHS))
        varied = replace(_worded(request, prompt, None), variations=(*request.variations, variation))
        return await self._admission.admit(caller, "vary", varied, parent=source.record)

    async def inpaint(
        self,
        caller: Caller,
        source: Source,
        mask: Mask,
        *,
        prompt: str,
        negative_prompt: str | None = None,
        strength: str | None = None,
        seed: int | None = None,
    ) -> Ticket:
        """Draw a part of a picture anew; the rest stays as it is, whatever its size."""
        base, checkpoint = self._settings_of(source)
        frame = around(checkpoint, source.size, mask.box)
        size = source.size if frame is None else frame.size
        request = replace(
            _worded(base, prompt, negative_prompt),
            task=Task.INPAINT,
            seed=choose_seed(seed),
            width=size.width,
            height=size.height,
            source=source.sha256,
            mask=mask.sha256,
            window=None if frame is None else frame.window,
            strength=checkpoint.inpaint_strength if strength is None else parse_strength(strength),
        )
        return await self._admission.admit(caller, "inpaint", request, notes=source.notes, parent=source.record)

    async def outpaint(
        self,
        caller: Caller,
        source: Source,
        choose: Choose,
        *,
        prompt: str | None = None,
        negative_prompt: str | None = None,
        seed: int | None = None,
    ) -> Ticket:
        """Continue a picture beyond its edges, as far as the frame goes that is chosen for it."""
        base, checkpoint = self._settings_of(source)
        frame = choose(checkpoint, source.size)
        request = replace(
            _worded(base, prompt, negative_prompt),
            task=Task.OUTPAINT,
            seed=choose_seed(seed),
            width=frame.size.width,
            height=frame.size.height,
            source=source.sha256,
            window=frame.window,
            strength=1.0,
        )
        notes = source.notes + size_notes(checkpoint, frame.asked, frame.size)
        return await self._admission.admit(caller, "outpaint", request, notes=notes, parent=source.record)

    async def blend(
        self,
        caller: Caller,
        sources: Sequence[Source],
        *,
        prompt: str | None = None,
        strength: float = BLEND_STRENGTH,
        seed: int | None = None,
    ) -> Ticket:
        """Draw what lies in the middle between pictures and the words that they were drawn from, or other words."""
        self.check_blend(len(sources))
        base, checkpoint = self._settings_of(sources[0])
        size = snap(checkpoint, sources[0].size)
        words = [_words_of(source) if prompt is None else prompt for source in sources]
        request = replace(
            base,
            task=Task.BLEND,
            prompt=shorten(" + ".join(dict.fromkeys(filter(None, words))), PROMPT_LENGTH),
            seed=choose_seed(seed),
            width=size.width,
            height=size.height,
            blended=tuple(Blended(source=each.sha256, prompt=told) for each, told in zip(sources, words, strict=True)),
            strength=strength,
        )
        notes = tuple(note for source in sources for note in source.notes)
        records = [source.record for source in sources if source.record is not None]
        first = records[0] if records else None
        return await self._admission.admit(caller, "blend", request, notes=notes, parent=first, further=records[1:])

    def check_blend(self, count: int) -> None:
        """Raise InvalidRequest unless so many pictures can be blended."""
        low, high = BLENDED
        if not low <= count <= high:
            raise InvalidRequest("inference.blended_range", low=low, high=high, given=count)

    async def upscale(
        self, caller: Caller, source: Source, *, factor: int | None = None, method: str | None = None
    ) -> Ticket:
        """Make a picture larger and sharper: by an upscaler, or redrawn by the checkpoint as far as its entry says."""
        base, checkpoint = self._settings_of(source)
        way = way_of(self._catalogue, checkpoint, method, factor)
        factor = way["factor"]
        width, height = (side * factor // SIDE_MULTIPLE * SIDE_MULTIPLE for side in source.size)
        if max(width, height) > SIDE[1]:
            raise UserError("bot.too_large_to_upscale", size=source.size, factor=factor, limit=SIDE[1])
        asked, size = Size(source.size.width * factor, source.size.height * factor), Size(width, height)
        notes = source.notes
        if size != asked:
            notes += (Note("bot.note_snapped", {"asked": str(asked), "size": str(size)}),)
        request = replace(
            base,
            seed=choose_seed() if source.record is None else base.seed,
            width=width,
            height=height,
            source=source.sha256,
            **way,
        )
        return await self._admission.admit(caller, "upscale", request, notes=notes, parent=source.record)

    def _settings_of(self, source: Source) -> tuple[ImageRequest, Checkpoint]:
        """Return the words and settings that a picture was drawn with, or those that anything is drawn with here."""
        if source.record is None:
            checkpoint = self._catalogue.choose()
            return plain_request(checkpoint), checkpoint
        request = as_drawn(ImageRequest.from_dict(source.record.request), self._catalogue)
        return without_changes(request), self._catalogue.choose(request.checkpoint)


def without_changes(request: ImageRequest) -> ImageRequest:
    """Return the request with its words and settings alone, as for a picture from noise."""
    return replace(
        request,
        task=Task.TEXT_TO_IMAGE,
        source=None,
        mask=None,
        window=None,
        strength=None,
        factor=None,
        blended=(),
        variations=(),
    )


def _worded(request: ImageRequest, prompt: str | None, negative_prompt: str | None) -> ImageRequest:
    """Return the request with other words, where there are some."""
    return replace(
        request,
        prompt=request.prompt if prompt is None else prompt,
        negative_prompt=request.negative_prompt if negative_prompt is None else negative_prompt,
    )


def _words_of(source: Source) -> str:
    return "" if source.record is None else source.record.prompt
