"""A wish filled up with what was set before it was made, as far as that is still possible."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.aspects import ratio_of
from bot.catalogue import Catalogue
from bot.flags import read_flags
from bot.wishes import Wish
from config.words import UserError
from inference.checkpoints import Checkpoint
from inference.request import Sampler
from jobs.notes import Note

Layer = Mapping[str, Any]  #: fields of a Wish, as JSON keeps them
ALWAYS = ("steps", "guidance", "count")  #: that are possible whatever there is on offer


def with_flags(wish: Wish) -> tuple[Wish, tuple[Note, ...]]:
    """Return the wish with the flags of its prompt as settings, where it leaves them open; and which mean nothing."""
    flags = read_flags(wish.prompt)
    told = (("bot.note_foreign_flags", flags.foreign), ("bot.note_unknown_flags", flags.unknown))
    notes = tuple(Note(key, {"flags": ", ".join(names)}) for key, names in told if names)
    return replace(wish.filled(flags.changes), prompt=flags.prompt), notes


def fill(wish: Wish, layers: Sequence[Layer], catalogue: Catalogue) -> tuple[Wish, Checkpoint, tuple[Note, ...]]:
    """Return the wish with what it leaves open from the first layer that says it, and the checkpoint that it means.

    Notes tell what is no longer possible. Raises UserError where the wish itself names a checkpoint that is not there.
    """
    models = [layer["checkpoint"] for layer in layers if wish.checkpoint is None and layer.get("checkpoint")]
    wish = wish.filled({"checkpoint": next((name for name in models if name in catalogue.offered), None)})
    checkpoint = catalogue.choose(wish.checkpoint)
    lost = [name for name in models if name not in catalogue.offered]
    for layer in layers:
        possible = dict(_possible(layer, checkpoint))
        open_ones = (name for name in ("sampler", "aspect") if name in layer and getattr(wish, name) is None)
        lost += [str(layer[name]) for name in open_ones if name not in possible]
        wish = wish.filled(possible)
    return wish, checkpoint, tuple(Note("bot.note_default_lost", {"name": name}) for name in dict.fromkeys(lost))


def _possible(layer: Layer, checkpoint: Checkpoint) -> Iterator[tuple[str, Any]]:
    """Yield the settings of a layer that the checkpoint and this program know."""
    yield from ((name, layer[name]) for name in ALWAYS if name in layer)
    if "negative_prompt" in layer and checkpoint.guided:
        yield "negative_prompt", layer["negative_prompt"]
    if layer.get("sampler") in checkpoint.samplers:
        yield "sampler", Sampler(layer["sampler"])
    if "aspect" in layer and _is_aspect(layer["aspect"]):
        yield "aspect", layer["aspect"]


def _is_aspect(text: str) -> bool:
    try:
        ratio_of(text)
    except UserError:
        return False
    return True
