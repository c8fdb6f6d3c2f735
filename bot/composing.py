"""From what somebody types to what is drawn: flags, presets, defaults, permutations and adapters become a request."""

from asyncio import Semaphore
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.adapters import AdapterShelf, calling
from bot.caller import Caller
from bot.catalogue import Catalogue
from bot.filling import Layer, fill, with_flags
from bot.fitting import guidance_for, guidance_notes, sampler_for, size_notes
from bot.permutations import MOST_PICTURES, expand
from bot.preferences import Preferences
from bot.seeds import choose_seed
from bot.sizing import Size, choose_size, snap
from bot.styles import Styles, apply, means_none
from bot.wishes import Wish
from inference.checkpoints import Checkpoint
from inference.request import SEEDS, Adapters, ImageRequest, Variant
from jobs.notes import Note

Notes = tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Composition:
    """A request, and what its person should know of it."""

    request: ImageRequest
    notes: Notes


class Composing:
    """Turns wishes into requests. Raises UserError with the sentence for the person."""

    def __init__(
        self,
        *,
        turns: Semaphore,
        catalogue: Catalogue,
        styles: Styles,
        preferences: Preferences,
        adapters: AdapterShelf,
    ) -> None:
        self._turns = turns
        self._catalogue = catalogue
        self._styles = styles
        self._preferences = preferences
        self._adapters = adapters

    async def compose(self, caller: Caller, wish: Wish) -> Composition:
        """Return what /imagine asks for; what it leaves open comes from flags, a preset, defaults, in this order."""
        return await self._compose(caller, wish, MOST_PICTURES)

    async def _compose(self, caller: Caller, wish: Wish, most_pictures: int | None) -> Composition:
        flagged, notes = with_flags(wish)
        most = None if most_pictures is None else most_pictures // (flagged.count or 1)
        async with self._turns:
            layers = await self._preferences.layers(caller)
            styled, forgotten = await self._with_usual_preset(caller, flagged, layers)
            composition = await self._draft(caller, styled, layers, most)
        return replace(composition, notes=notes + forgotten + composition.notes)

    async def compose_alone(self, caller: Caller, wish: Wish) -> Composition:
        """Return what /imagine asks for, as one prompt: braces are nothing but braces in it."""
        return await self._compose(caller, wish, None)

    async def recompose(self, caller: Caller, wish: Wish) -> Composition:
        """Return what a remix asks for: braces are nothing but braces in it, and nobody's defaults hold."""
        async with self._turns:
            return await self._draft(caller, wish, (), None)

    async def _with_usual_preset(self, caller: Caller, wish: Wish, layers: Sequence[Layer]) -> tuple[Wish, Notes]:
        usual = next((layer["preset"] for layer in layers if "preset" in layer), None)
        if wish.preset is not None or usual is None:
            return wish, ()
        if usual not in {preset.name for preset in await self._styles.all(caller)}:
            return wish, (Note("bot.note_default_lost", {"name": usual}),)
        return replace(wish, preset=usual), ()

    async def _draft(
        self, caller: Caller, wish: Wish, layers: Sequence[Layer], most_prompts: int | None
    ) -> Composition:
        styled, layers = await self._with_preset(caller, wish, layers)
        filled, checkpoint, notes = fill(styled, layers, self._catalogue)
        adapters, words = await self._adapters.choose(checkpoint, wish.adapters or "")
        plain = (filled.prompt,) if most_prompts is None else expand(filled.prompt, most_prompts)
        prompts, added = calling(plain, words, filled.negative_prompt or "")
        if added:
            notes += (Note("bot.note_trigger_words", {"words": ", ".join(added)}),)
        if len(prompts) > 1:
            filled = replace(filled, count=wish.count)  # a usual number of pictures is for one prompt
        asked = choose_size(checkpoint, filled.width, filled.height, filled.aspect)
        size = snap(checkpoint, asked)
        notes += size_notes(checkpoint, asked, size) + guidance_notes(checkpoint, wish)
        return Composition(_request(checkpoint, filled, size, adapters, prompts), notes)

    async def _with_preset(self, caller: Caller, wish: Wish, layers: Sequence[Layer]) -> tuple[Wish, Sequence[Layer]]:
        """Return the wish in the words of its preset, and the layers with the preset's on top."""
        if wish.preset is None or means_none(wish.preset):
            return wish, layers
        preset = await self._styles.find(caller, wish.preset)
        negative = ", ".join(filter(None, (wish.negative_prompt, preset.negative_prompt)))
        styled = replace(wish, prompt=apply(preset, wish.prompt), negative_prompt=negative or wish.negative_prompt)
        return styled, (preset.settings, *layers)


def _request(
    checkpoint: Checkpoint, wish: Wish, size: Size, adapters: Adapters, prompts: Sequence[str]
) -> ImageRequest:
    usual = checkpoint.negative_prompt if checkpoint.guided else ""
    seed, count = choose_seed(wish.seed), 1 if wish.count is None else wish.count
    variants = variants_of(prompts, seed, count)
    return ImageRequest(
        checkpoint=checkpoint.name,
        prompt=prompts[0],
        negative_prompt=usual if wish.negative_prompt is None else wish.negative_prompt,
        seed=seed,
        width=size.width,
        height=size.height,
        num_inference_steps=checkpoint.num_inference_steps if wish.steps is None else wish.steps,
        guidance_scale=guidance_for(checkpoint, wish.guidance),
        sampler=sampler_for(checkpoint, wish.sampler),
        count=len(variants) or count,
        variants=variants,
        adapters=adapters,
    )


def variants_of(prompts: Sequence[str], seed: int, count: int) -> tuple[Variant, ...]:
    """Return what is different in each picture where there are several prompts: each is drawn from the same seeds."""
    if len(prompts) == 1:
        return ()
    seeds = [(seed + index) % SEEDS for index in range(count)]
    return tuple(Variant(prompt=prompt, seed=each) for prompt in prompts for each in seeds)
