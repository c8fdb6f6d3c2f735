"""New pictures from old ones: varied, enlarged. Checked, then enqueued."""

from dataclasses import replace

from bot.admission import Admission, Ticket
from bot.caller import Caller
from bot.catalogue import Catalogue
from bot.drawing import choose_seed
from bot.fitting import plain_request, size_notes
from bot.sizing import Size, snap
from bot.wishes import Source, parse_strength
from config.words import UserError
from inference.checkpoints import Checkpoint
from inference.request import FACTORS, SIDE, SIDE_MULTIPLE, ImageRequest, InvalidRequest, Task
from jobs.notes import Note


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
        seed: int | None = None,
    ) -> Ticket:
        """Make a new picture from an old one: image to image on it."""
        base, checkpoint = self._settings_of(source)
        size = snap(checkpoint, source.size)
        request = replace(
            base,
            task=Task.IMAGE_TO_IMAGE,
            prompt=base.prompt if prompt is None else prompt,
            seed=choose_seed(seed),
            width=size.width,
            height=size.height,
            source=source.sha256,
            strength=parse_strength(strength),
            factor=None,
        )
        notes = source.notes + size_notes(checkpoint, source.size, size)
        return await self._admission.admit(caller, "vary", request, notes=notes, parent=source.record)

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
            seed=choose_seed() if source.record is None else base.seed,
            width=width,
            height=height,
            source=source.sha256,
            strength=checkpoint.upscale_strength,
            factor=factor,
        )
        return await self._admission.admit(caller, "upscale", request, notes=notes, parent=source.record)

    def _settings_of(self, source: Source) -> tuple[ImageRequest, Checkpoint]:
        if source.record is not None:
            request = ImageRequest.from_dict(source.record.request)
            return request, self._catalogue.choose(request.checkpoint)
        checkpoint = self._catalogue.choose()
        return plain_request(checkpoint), checkpoint
