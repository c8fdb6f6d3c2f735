"""Calls UNets, for a shape always with the same number of rows, so that a row's answer does not depend on its company.

How a product of matrices is summed up depends on their sizes: what is drawn alone and what is drawn in company would
differ in the last bits, and a few steps later in the picture.
"""

import logging
import time
from collections.abc import Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path

import torch

from inference.contract import Choices, DeviceBroken, OutOfMemory
from inference.engine.capture import Ask, Recorder, call
from inference.engine.errors import device_errors
from inference.engine.model import Model
from inference.engine.rows import Rows, Shape

LADDER = (2, 4, 8, 16)  #: rows of a call
PAYS = 1.1  #: compiling, where calls become so many times as fast
ENOUGH = 0.9  #: of the best throughput; more rows cost a lone picture more
CALLS = 3  #: timed, after one that is not

log = logging.getLogger(__name__)


class Press:
    """Knows for every checkpoint how many rows a call has, and whether they may be different people's.

    The number is chosen once, by trying, and then the same for all workers of a kind: with another one, other pictures
    come out.
    """

    def __init__(self, cache: Path, choices: Choices) -> None:
        self.narrow = False  #: whether calls have the fewest rows: for who is drawn alone, with the least memory
        self._choices = choices
        self._recorder = Recorder(cache)
        self._widths: dict[str, int] = {}
        self.called = 0  #: rows, over all calls
        self.used = 0  #: those of them that were somebody's
        self.found = self.made = 0  #: how often a way of calling was there already, and how often not

    def prepare(self, model: Model) -> None:
        """Choose the number of rows for a checkpoint, and try whether a row's answer depends on the others."""
        self.room(model, native_shape(model))

    def width(self, model: Model, shape: Shape) -> int:
        """Return the number of rows of a call: fewer for larger pictures, more for smaller ones."""
        if self.narrow:
            return LADDER[0]
        native = native_shape(model)
        larger = shape.height * shape.width / (native.height * native.width)
        chosen = self._native_width(model)
        room = min(max(chosen, most_rows(model)), chosen / larger)
        return max((rows for rows in LADDER if rows <= room), default=LADDER[0])

    def room(self, model: Model, shape: Shape) -> int:
        """Return how many rows of a call may be in use: none beside the first picture's where they could disturb it."""
        width = self.width(model, shape)
        if (shape, width) not in model.apart:
            model.apart[shape, width] = keeps_apart(model, shape, width, self._ask(model, shape))
            if not model.apart[shape, width]:
                log.error(
                    "%s, latents of %d x %d: on this device a row's answer depends on the rows beside it; so that "
                    "pictures can be made again, each is drawn alone, which is slower",
                    model.checkpoint.name,
                    shape.width,
                    shape.height,
                )
        return width if model.apart[shape, width] else 0

    def kernels(self, model: Model, shape: Shape) -> str:
        """Return what computes the calls of a shape, as a record tells it; on a CPU there is one way only, "" here."""
        if model.device.type == "cpu":
            return ""
        return "compiled" if not self.narrow and (shape, self.width(model, shape)) in model.compiled else "eager"

    def predict(self, model: Model, parts: Sequence[Rows]) -> list[torch.Tensor]:
        """Return the UNet's answer to every part."""
        rows = Rows.join(parts, self.width(model, parts[0].shape))
        self.called += len(rows)
        self.used += sum(map(len, parts))
        answers = self._ask(model, rows.shape)(rows)
        _wait_for(model.device)  # so that who is drawn is charged, and not who looks at a result first
        return list(torch.split(answers[: sum(map(len, parts))], [len(part) for part in parts]))

    def _ask(self, model: Model, shape: Shape) -> Ask:
        """Return the way to ask the UNet for answers to rows of a shape."""
        ask: Ask
        if self.narrow:  # a recording would keep memory
            return partial(call, model)
        width = self.width(model, shape)
        if (shape, width) not in model.asks:
            sample = sample_rows(model, shape, width, seed=0)
            ask = self._recorder.eager(model, sample)
            compilable = model.device.type == "cuda" and not model.low_memory and shape == native_shape(model)
            model.asks[shape, width] = self._faster(model, ask, sample) if compilable else ask
            self.made += 1
        else:
            self.found += 1
        ask = model.asks[shape, width]
        return ask

    def _faster(self, model: Model, eager: Ask, sample: Rows) -> Ask:
        """Return the compiled way where it pays; whether it does is tried once, as it is another picture."""
        name = f"{_key(model)} compiled"
        pays = self._choices.get(name)
        if pays == 0:
            return eager
        try:
            with device_errors():
                compiled = self._recorder.compiled(model, sample)
        except DeviceBroken:
            raise
        except Exception:
            log.warning("%s cannot be compiled here, which is slower", model.checkpoint.name, exc_info=True)
            return eager
        if pays is None:
            gain = _seconds(eager, sample) / _seconds(compiled, sample)
            log.info("%s: compiled calls are %.2f times as fast", model.checkpoint.name, gain)
            apart = gain >= PAYS and keeps_apart(model, sample.shape, len(sample), compiled)
            pays = self._choices.keep(name, int(apart))
        if not pays:
            return eager
        model.compiled.add((sample.shape, len(sample)))
        return compiled

    def _native_width(self, model: Model) -> int:
        key = _key(model)
        if key not in self._widths:
            known = self._choices.get(key)
            self._widths[key] = self._choices.keep(key, choose_width(model, self._recorder)) if known is None else known
        return self._widths[key]


def choose_width(model: Model, recorder: Recorder) -> int:
    """Return the smallest number of rows with nearly the best throughput, measured at the native size."""
    speeds: dict[int, float] = {}
    for rows in (rows for rows in LADDER if rows <= most_rows(model)):
        try:
            with device_errors():
                sample = sample_rows(model, native_shape(model), rows, seed=0)
                speeds[rows] = rows / _seconds(recorder.eager(model, sample), sample)
        except OutOfMemory:
            break
    if not speeds:
        raise OutOfMemory(f"not even {LADDER[0]} rows fit")
    return min(rows for rows, speed in speeds.items() if speed >= ENOUGH * max(speeds.values()))


def most_rows(model: Model) -> int:
    """Return how many rows are worth trying: a CPU gains little by many, and a lone picture pays for all of them."""
    return LADDER[-1] if model.device.type == "cuda" and not model.low_memory else LADDER[0]


def keeps_apart(model: Model, shape: Shape, width: int, ask: Ask) -> bool:
    """Say whether a row gets the same answer, to the bit, in every slot and whatever stands beside it."""
    row = sample_rows(model, shape, 1, seed=0)
    alone = ask(Rows.join([row], width))[0]
    for slot in range(width):
        company = sample_rows(model, shape, width, seed=1 + slot)
        before, after = company.map(itemgetter(slice(slot))), company.map(itemgetter(slice(slot + 1, None)))
        mixed = Rows.join([part for part in (before, row, after) if len(part)], width)
        if not torch.equal(ask(mixed)[slot], alone):
            return False
    return True


def sample_rows(model: Model, shape: Shape, count: int, seed: int) -> Rows:
    """Return rows of a shape with random contents."""
    generator = torch.Generator("cpu").manual_seed(seed)
    empty, config = model.reader.read(""), model.unet.config
    guidance_width, levels = config.time_cond_proj_dim, config.num_class_embeds

    def noise(*sides: int) -> torch.Tensor:
        return torch.randn(count, *sides, generator=generator).to(model.device, model.dtype)

    return Rows(
        latents=noise(config.in_channels, shape.height, shape.width),
        timesteps=torch.randint(1000, (count,), generator=generator).float().to(model.device),
        tokens=noise(shape.tokens, empty.tokens.shape[-1]),
        pooled=None if empty.pooled is None else noise(*empty.pooled.shape[1:]),
        sizes=None if empty.pooled is None else noise(6),
        guidance=None if guidance_width is None else noise(guidance_width),
        levels=None if levels is None else torch.randint(levels, (count,), generator=generator).to(model.device),
    )


def native_shape(model: Model) -> Shape:
    """Return the shape of a picture of the native size."""
    side = model.checkpoint.native_side // model.latent_scale
    return Shape(side, side, model.reader.read("").tokens.shape[1])


def _key(model: Model) -> str:
    told = model.fingerprint
    return " ".join(told[part] for part in ("weights", "device", "dtype", "memory") if part in told)


def _seconds(ask: Ask, sample: Rows) -> float:
    ask(sample)
    _wait_for(sample.latents.device)
    taken = []
    for _ in range(CALLS):
        began = time.perf_counter()
        ask(sample)
        _wait_for(sample.latents.device)
        taken.append(time.perf_counter() - began)
    return min(taken)


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.current_stream(device).synchronize()  # and not for pictures that are decoded beside
