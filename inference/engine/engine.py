"""Draws attempts with diffusers components on one device, as many at once as fit, a step at a time."""

import time
from collections.abc import Mapping
from pathlib import Path

import torch

from inference.checkpoints import Checkpoint
from inference.contract import Cancelled, DeviceBroken, Drawing, Ending, Watch
from inference.engine.commission import Commission
from inference.engine.errors import device_errors
from inference.engine.fingerprint import make_deterministic
from inference.engine.loading import Model
from inference.engine.press import Press
from inference.engine.rota import Rota, Turn
from inference.engine.shelf import Shelf
from inference.protocol import Attempt

LANES = {"cpu": 2, "cuda": 8}  #: more share a call on a GPU; on a CPU more would only wait behind each other in here


class DiffusersEngine:
    """Requests of different people share every call of the UNet, and none of them notices."""

    def __init__(self, device: str, checkpoints: Mapping[str, Checkpoint], cache: Path) -> None:
        make_deterministic()
        self._device = torch.device(device)
        self.lanes = LANES[self._device.type]
        self._press = Press(cache)
        self._shelf = Shelf(self._device, checkpoints, cache, self._press.prepare)
        self._rota = Rota()

    def load(self, checkpoint: str) -> dict[str, str]:
        """Make a checkpoint ready and return its fingerprint. Raises CheckpointUnusable."""
        return self._take(checkpoint).fingerprint

    def begin(self, attempt: Attempt, watch: Watch, *, thrifty: bool = False) -> None:
        """Take an attempt in, to be drawn into its spool folder; with the least memory where `thrifty`."""
        model = self._take(attempt.request.checkpoint)
        model.vae.use_tiling = thrifty
        began = time.perf_counter()
        with device_errors(), torch.inference_mode():
            commission = Commission(model, attempt, watch, thrifty=thrifty)
        commission.seconds = time.perf_counter() - began
        self._rota.commissions.append(commission)

    def tick(self) -> list[Ending]:
        """Take a step of what is the most urgent; return what ended."""
        ended = self._dismiss() + self._collect()
        if self._rota.commissions:
            turns = self._rota.choose(self._press.room)
            ended += self._take_steps(turns)
            self._rota.note(turns)
        return ended + self._collect()

    def draw(self, attempt: Attempt, watch: Watch, *, thrifty: bool = False) -> Drawing:
        """Draw an attempt from its beginning to its end, beside whatever else is in the making."""
        self.begin(attempt, watch, thrifty=thrifty)
        while True:
            for name, outcome in self.tick():
                if name == attempt.id:
                    if isinstance(outcome, Drawing):
                        return outcome
                    raise outcome

    def free(self) -> None:
        """Give back the memory that nobody uses."""
        self._shelf.free()

    def _take(self, checkpoint: str) -> Model:
        return self._shelf.take(checkpoint, {commission.model.checkpoint.name for commission in self._rota.commissions})

    def _dismiss(self) -> list[Ending]:
        """Let go of what nobody waits for any more."""
        unwanted = [commission for commission in self._rota.commissions if not commission.wanted]
        return [self._drop(commission, Cancelled()) for commission in unwanted]

    def _take_steps(self, turns: list[Turn]) -> list[Ending]:
        """Let the paintings take a step; return those of their commissions that broke."""
        first, painting = turns[0]
        began = time.perf_counter()
        try:
            with device_errors(), torch.inference_mode():
                predictions = self._press.predict(first.model, [painting.rows() for _, painting in turns])
        except DeviceBroken:
            raise
        except Exception as error:  # noqa: BLE001 - the most urgent one has to go; the others try again without it
            return [self._drop(first, error)]
        share = (time.perf_counter() - began) / sum(painting.row_count for _, painting in turns)
        width = self._press.width(first.model, painting.shape)
        ended = []
        for turn, prediction in zip(turns, predictions, strict=True):
            turn[0].widths.add(width)
            turn[0].seconds += share * turn[1].row_count
            ended += self._take_step(turn, prediction)
        return ended

    def _take_step(self, turn: Turn, prediction: torch.Tensor) -> list[Ending]:
        commission, painting = turn
        if commission not in self._rota.commissions:  # another of its paintings broke just now
            return []
        began = time.perf_counter()
        try:
            with device_errors(), torch.inference_mode():
                painting.advance(prediction)
                commission.took_step(painting)
        except DeviceBroken:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, only this attempt ends of it
            return [self._drop(commission, error)]
        commission.seconds += time.perf_counter() - began
        return []

    def _collect(self) -> list[Ending]:
        """Hand over what is done; some had no step to take."""
        done = [commission for commission in self._rota.commissions if commission.done]
        for commission in done:
            self._rota.commissions.remove(commission)
        return [(commission.id, commission.drawing()) for commission in done]

    def _drop(self, commission: Commission, error: Exception) -> Ending:
        self._rota.commissions.remove(commission)
        return commission.id, error
