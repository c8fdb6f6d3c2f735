"""What a checkpoint makes of the settings that people ask for, and what they should know of it."""

from bot.sizing import Size, far_from_native
from bot.wishes import Wish
from config.words import UserError
from inference.checkpoints import Checkpoint
from inference.request import ImageRequest, Sampler
from jobs.notes import Note


def plain_request(checkpoint: Checkpoint) -> ImageRequest:
    """Return a request without words, of the checkpoint's own settings."""
    return ImageRequest(
        checkpoint=checkpoint.name,
        prompt="",
        seed=0,
        width=checkpoint.native_side,
        height=checkpoint.native_side,
        num_inference_steps=checkpoint.num_inference_steps,
        guidance_scale=checkpoint.guidance_scale,
        sampler=checkpoint.sampler,
    )


def sampler_for(checkpoint: Checkpoint, wanted: Sampler | None) -> Sampler:
    """Return the sampler to use. Raises UserError for one that the checkpoint does not work with."""
    if wanted is None:
        return checkpoint.sampler
    if wanted not in checkpoint.samplers:
        raise UserError("bot.sampler_not_here", given=wanted, samplers=", ".join(checkpoint.samplers))
    return wanted


def guidance_for(checkpoint: Checkpoint, wanted: float | None) -> float:
    """Return the guidance to use: always its own for a checkpoint that is made to go without."""
    return checkpoint.guidance_scale if wanted is None or not checkpoint.guided else wanted


def guidance_notes(checkpoint: Checkpoint, wish: Wish) -> tuple[Note, ...]:
    """Return what is to be said where guidance was asked for in vain."""
    if checkpoint.guided or not (wish.negative_prompt or wish.guidance is not None):
        return ()
    return (Note("bot.note_not_guided", {"model": checkpoint.title}),)


def size_notes(checkpoint: Checkpoint, asked: Size, size: Size) -> tuple[Note, ...]:
    """Return what is to be said of a size that was changed, or that the checkpoint never saw."""
    notes: tuple[Note, ...] = ()
    if size != asked:
        notes += (Note("bot.note_snapped", {"asked": str(asked), "size": str(size)}),)
    if far_from_native(checkpoint, size):
        native = Size(checkpoint.native_side, checkpoint.native_side)
        notes += (Note("bot.note_far_from_native", {"size": str(size), "native": str(native)}),)
    return notes
