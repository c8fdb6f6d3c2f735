"""Calls UNets, for a shape always with the same number of rows, so that a row's answer does not depend on its company.

How a product of matrices is summed up depends on their sizes: what is drawn alone and what is drawn in company would
differ in the last bits, and a few steps later in the picture.
"""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from inference.contract import OutOfMemory
from inference.engine.errors import device_errors
from inference.engine.loading import Model
from inference.engine.rows import Rows, Shape
from inference.engine.store import Store

LADDER = (2, 4, 8, 16)  #: rows of a call
ENOUGH = 0.9  #: of the best throughput; more rows cost a lone picture more
CALLS = 3  #: timed, after one that is not

log = logging.getLogger(__name__)


class Press:
    """Knows for every checkpoint how many rows a call has, and whether they may be different people's.

    The number is chosen once, by trying, and kept in the folder `cache`: another number is another picture.
    """

    def __init__(self, cache: Path) -> None:
        self._store = Store(cache / "rows.json")
        self._widths: dict[str, int] = {}
        self._apart: dict[tuple[str, Shape], bool] = {}
        self.called = 0  #: rows, over all calls
        self.used = 0  #: those of them that were somebody's

    def prepare(self, model: Model) -> None:
        """Choose the number of rows for a checkpoint, and try whether a row's answer depends on the others."""
        self.room(model, native_shape(model))

    def width(self, model: Model, shape: Shape) -> int:
        """Return the number of rows of a call: fewer for larger pictures, more for smaller ones."""
        native = native_shape(model)
        larger = shape.height * shape.width / (native.height * native.width)
        chosen = self._native_width(model)
        room = min(max(chosen, most_rows(model)), chosen / larger)
        return max((rows for rows in LADDER if rows <= room), default=LADDER[0])

    def room(self, model: Model, shape: Shape) -> int:
        """Return how many rows of a call may be in use: none beside the first picture's where they could disturb it."""
        key, width = (model.fingerprint["weights"], shape), self.width(model, shape)
        if key not in self._apart:
            self._apart[key] = keeps_apart(model, shape, width)
            if not self._apart[key]:
                log.error(
                    "%s, latents of %d x %d: on this device a row's answer depends on the rows beside it; so that "
                    "pictures can be made again, each is drawn alone, which is slower",
                    model.checkpoint.name,
                    shape.width,
                    shape.height,
                )
        return width if self._apart[key] else 0

    def predict(self, model: Model, parts: Sequence[Rows]) -> list[torch.Tensor]:
        """Return the UNet's answer to every part."""
        rows = Rows.join(parts, self.width(model, parts[0].shape))
        self.called += len(rows)
        self.used += sum(map(len, parts))
        answers = call(model, rows)
        _wait_for(model.device)  # so that who is drawn is charged, and not who looks at a result first
        return list(torch.split(answers[: sum(map(len, parts))], [len(part) for part in parts]))

    def _native_width(self, model: Model) -> int:
        key = " ".join((model.fingerprint["weights"], model.fingerprint["device"], model.fingerprint["dtype"]))
        if key not in self._widths:
            self._widths |= self._store.read()
        if key not in self._widths:
            self._widths[key] = self._store.keep(key, choose_width(model))
        return self._widths[key]


@torch.inference_mode()
def call(model: Model, rows: Rows) -> torch.Tensor:
    """Return the UNet's answer."""
    answer: torch.Tensor = model.unet(
        rows.latents,
        rows.timesteps,
        encoder_hidden_states=rows.tokens,
        added_cond_kwargs=rows.added(),
        return_dict=False,
    )[0]
    return answer


def choose_width(model: Model) -> int:
    """Return the smallest number of rows with nearly the best throughput, measured at the native size."""
    speeds: dict[int, float] = {}
    for rows in (rows for rows in LADDER if rows <= most_rows(model)):
        try:
            with device_errors():
                speeds[rows] = rows / _seconds(model, rows)
        except OutOfMemory:
            break
    if not speeds:
        raise OutOfMemory(f"not even {LADDER[0]} rows fit")
    return min(rows for rows, speed in speeds.items() if speed >= ENOUGH * max(speeds.values()))


def most_rows(model: Model) -> int:
    """Return how many rows are worth trying: a CPU gains little by many, and a lone picture pays for all of them."""
    return LADDER[-1] if model.device.type == "cuda" else LADDER[0]


def keeps_apart(model: Model, shape: Shape, width: int) -> bool:
    """Say whether a row gets the same answer, to the bit, in every slot and whatever stands beside it."""
    row = sample_rows(model, shape, 1, seed=0)
    alone = call(model, Rows.join([row], width))[0]
    for slot in range(width):
        company = sample_rows(model, shape, width, seed=1 + slot)
        before, after = _part(company, 0, slot), _part(company, slot + 1, width)
        mixed = Rows.join([part for part in (before, row, after) if len(part)], width)
        if not torch.equal(call(model, mixed)[slot], alone):
            return False
    return True


def sample_rows(model: Model, shape: Shape, count: int, seed: int) -> Rows:
    """Return rows of a shape with random contents."""
    generator = torch.Generator("cpu").manual_seed(seed)
    empty = model.reader.read("")

    def noise(*sides: int) -> torch.Tensor:
        return torch.randn(count, *sides, generator=generator).to(model.device, model.dtype)

    return Rows(
        latents=noise(model.unet.config.in_channels, shape.height, shape.width),
        timesteps=torch.randint(1000, (count,), generator=generator).float().to(model.device),
        tokens=noise(shape.tokens, empty.tokens.shape[-1]),
        pooled=None if empty.pooled is None else noise(*empty.pooled.shape[1:]),
        sizes=None if empty.pooled is None else noise(6),
    )


def native_shape(model: Model) -> Shape:
    """Return the shape of a picture of the native size."""
    side = model.checkpoint.native_side // model.latent_scale
    return Shape(side, side, model.reader.read("").tokens.shape[1])


def _seconds(model: Model, rows: int) -> float:
    sample = sample_rows(model, native_shape(model), rows, seed=0)
    call(model, sample)
    taken = []
    for _ in range(CALLS):
        began = time.perf_counter()
        call(model, sample)
        _wait_for(model.device)
        taken.append(time.perf_counter() - began)
    return min(taken)


def _part(rows: Rows, begin: int, end: int) -> Rows:
    fields: dict[str, Any] = {name: getattr(rows, name) for name in Rows.__slots__}
    parts: dict[str, Any] = {name: None if field is None else field[begin:end] for name, field in fields.items()}
    return Rows(**parts)


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.current_stream(device).synchronize()  # and not for pictures that are decoded beside
