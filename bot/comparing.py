"""One prompt drawn over the values of one setting or two, and shown as one sheet: what people know as the X/Y plot."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from bot.admission import Admission, Ticket
from bot.axes import Axis, Value
from bot.caller import Caller
from bot.catalogue import Catalogue
from bot.composing import Composing
from bot.fitting import guidance_for, sampler_for
from bot.setting_lines import read_sampler
from bot.sizing import choose_size, snap
from bot.wishes import Wish
from config.words import UserError, say
from inference.checkpoints import Checkpoint
from inference.request import MOST_VARIANTS, ImageRequest, Variant

LABELS = {
    "seed": "bot.label_seed",
    "steps": "bot.label_steps",
    "guidance": "bot.label_guidance",
    "sampler": "bot.label_sampler",
    "model": "bot.label_model",
    "prompt": "bot.label_prompt",
}


class Comparing:
    """Lets a prompt be drawn over values of settings, as one job. Raises UserError with the sentence for the person."""

    def __init__(self, *, catalogue: Catalogue, composing: Composing, admission: Admission) -> None:
        self._catalogue = catalogue
        self._composing = composing
        self._admission = admission

    async def compare(self, caller: Caller, wish: Wish, columns: Axis, rows: Axis | None = None) -> Ticket:
        """Draw a picture for every value of the columns, in each row with one of the rows' values."""
        if rows is not None and rows.setting == columns.setting:
            raise UserError("bot.axis_twice_set", setting=columns.setting)
        composition = await self._composing.compose_alone(caller, wish)
        prompt = composition.request.prompt
        points = [
            dict(point) for point in product(*(_values(axis, prompt) for axis in (rows, columns) if axis is not None))
        ]
        if len(points) > MOST_VARIANTS:
            raise UserError("bot.compare_count", limit=MOST_VARIANTS, given=len(points))
        variants = tuple(self._variant(composition.request, wish, point) for point in points)
        request = replace(composition.request, variants=variants, count=len(variants))
        beside = [] if rows is None else _labels(rows, caller.locale)
        sheet = {"columns": _labels(columns, caller.locale), "rows": beside}
        return await self._admission.admit(caller, "compare", request, notes=composition.notes, sheet=sheet)

    def _variant(self, base: ImageRequest, wish: Wish, point: Mapping[str, Value]) -> Variant:
        """Return what is different at a point; another model draws with settings of its own, where none are given."""
        name = point.get("model")
        checkpoint = self._catalogue.choose(base.checkpoint if name is None else str(name))
        changes = {} if name is None else _settings_of(checkpoint, wish)
        for setting, value in point.items():
            changes |= CHANGES[setting](checkpoint, value)
        return Variant(**changes)


def _values(axis: Axis, prompt: str) -> list[tuple[str, Value]]:
    """Return the values of a setting; of words, the prompt with each in the place of the first."""
    if axis.setting != "prompt":
        return [(axis.setting, value) for value in axis.values]
    first = str(axis.values[0])
    if first not in prompt:
        raise UserError("bot.axis_words", given=first[:40])
    return [(axis.setting, prompt.replace(first, str(value))) for value in axis.values]


def _labels(axis: Axis, locale: str) -> list[str]:
    shown = (f"{value:g}" if isinstance(value, float) else str(value) for value in axis.values)
    return [say(LABELS[axis.setting], locale=locale, value=each) for each in shown]


def _settings_of(checkpoint: Checkpoint, wish: Wish) -> dict[str, Any]:
    size = snap(checkpoint, choose_size(checkpoint, wish.width, wish.height, wish.aspect))
    return {
        "checkpoint": checkpoint.name,
        "width": size.width,
        "height": size.height,
        "num_inference_steps": checkpoint.num_inference_steps if wish.steps is None else wish.steps,
        "guidance_scale": guidance_for(checkpoint, wish.guidance),
        "sampler": sampler_for(checkpoint, wish.sampler),
    }


CHANGES: Mapping[str, Callable[[Checkpoint, Any], dict[str, Any]]] = {
    "seed": lambda _, value: {"seed": value},
    "steps": lambda _, value: {"num_inference_steps": value},
    "guidance": lambda checkpoint, value: {"guidance_scale": guidance_for(checkpoint, value)},
    "sampler": lambda checkpoint, value: {"sampler": sampler_for(checkpoint, read_sampler(value))},
    "model": lambda *_: {},  # its settings come first, and others after them
    "prompt": lambda _, value: {"prompt": value},
}
