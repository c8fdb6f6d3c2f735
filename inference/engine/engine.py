"""Draws attempts with diffusers components on one device, as many at once as fit, a step at a time."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch

from inference.checkpoints import Checkpoint
from inference.choices import ChoiceFile
from inference.contract import Cancelled, Choices, DeviceBroken, Drawing, Ending, Watch
from inference.engine.commission import Commission
from inference.engine.darkroom import Darkroom
from inference.engine.errors import device_errors
from inference.engine.fingerprint import make_deterministic
from inference.engine.model import Model
from inference.engine.press import Press
from inference.engine.rota import Rota, Turn
from inference.engine.rows import Rows
from inference.engine.seat import Seat
from inference.engine.shelf import Shelf, memory_of
from inference.protocol import Attempt, Counts, Loaded
from inference.request import Adapters

T = TypeVar("T")

FEW_LANES, LANES = 2, 8  #: more share a call on a GPU; elsewhere more would only wait behind each other in here
LITTLE = 10 * 2**30  #: bytes; on a GPU with less, SDXL has no room beside what it is drawn with


class DiffusersEngine:
    """Requests of different people share every call of the UNet, and none of them notices."""

    def __init__(
        self,
        device: str,
        checkpoints: Mapping[str, Checkpoint],
        cache: Path,
        *,
        choices: Choices | None = None,
        low_memory: bool | None = None,
    ) -> None:
        make_deterministic()
        self._device = torch.device(device)
        if self._device.index is not None:
            torch.cuda.set_device(self._device)  # where streams and recordings are made
        self.memory = memory_of(self._device)
        if low_memory is None:
            low_memory = self._device.type == "cuda" and self.memory < LITTLE
        self.lanes = FEW_LANES if low_memory or self._device.type == "cpu" else LANES
        self._press = Press(cache, choices or ChoiceFile(cache / "rows.json"))
        seat = Seat(self._device) if low_memory else None
        self._shelf = Shelf(self._device, checkpoints, cache, self._press.prepare, seat=seat)
        self._rota = Rota()
        self._darkroom = Darkroom(self._device, beside=seat is None)

    def load(self, checkpoint: str, adapters: Adapters = ()) -> dict[str, str]:
        """Make a checkpoint ready and return its fingerprint. Raises CheckpointUnusable and Unfeasible."""
        self._press.narrow = False
        return self._take(checkpoint, adapters).fingerprint

    def held(self) -> Mapping[Loaded, dict[str, str]]:
        """Return what is in memory, each with its fingerprint."""
        return self._shelf.held()

    def begin(self, attempt: Attempt, watch: Watch, *, thrifty: bool = False) -> None:
        """Take an attempt in, to be drawn into its spool folder; with the least memory, and alone, where `thrifty`."""
        self._press.narrow = thrifty
        model = self._take(attempt.request.checkpoint, attempt.request.adapters)
        thrifty = thrifty or model.low_memory
        model.vae.use_tiling = thrifty
        began = time.perf_counter()
        with device_errors(), torch.inference_mode():
            commission = Commission(model, attempt, watch, thrifty=thrifty)
        commission.seconds = time.perf_counter() - began
        self._rota.add(commission)

    def tick(self) -> list[Ending]:
        """Take a step of what is the most urgent; return what ended."""
        ended = self._dismiss() + self._collect()
        if self._rota.waiting:
            ended += self._step_on()
        return ended + self._develop() + self._collect()

    def draw(self, attempt: Attempt, watch: Watch, *, thrifty: bool = False) -> Drawing:
        """Draw an attempt alone, from its beginning to its end."""
        assert not self._rota.commissions, "somebody would miss their ending"
        self.begin(attempt, watch, thrifty=thrifty)
        while not (ended := self.tick()):
            pass
        ((_, outcome),) = ended
        if isinstance(outcome, Drawing):
            return outcome
        raise outcome

    def free(self) -> None:
        """Give back the memory that nobody uses."""
        self._shelf.free()

    def counts(self) -> Counts:
        """Return what it has done so far."""
        press, shelf = self._press, self._shelf
        prompts = shelf.prompts
        return Counts(
            rows_called=press.called,
            rows_used=press.used,
            prompts_found=prompts["found"],
            prompts_encoded=prompts["encoded"],
            checkpoints_found=shelf.found,
            checkpoints_loaded=shelf.loaded,
            graphs_found=press.found,
            graphs_made=press.made,
        )

    def _take(self, checkpoint: str, adapters: Adapters) -> Model:
        return self._shelf.take(checkpoint, adapters, {commission.model.key for commission in self._rota.commissions})

    def _dismiss(self) -> list[Ending]:
        """Let go of what nobody waits for any more."""
        unwanted = [commission for commission in self._rota.commissions if not commission.wanted]
        return [self._drop(commission, Cancelled()) for commission in unwanted]

    def _step_on(self) -> list[Ending]:
        try:
            with device_errors():
                turns = self._rota.choose(self._press.room)
        except DeviceBroken:
            raise
        except Exception as error:  # noqa: BLE001 - a shape that was never tried may be too large for the device
            return [self._drop(self._rota.first(), error)]
        return self._take_steps(turns)

    def _take_steps(self, turns: list[Turn]) -> list[Ending]:
        """Let the paintings take a step; return those of their commissions that broke."""
        ready, ended = self._prepare(turns)
        if not ready:
            return ended
        first, painting = ready[0][0]
        began = time.perf_counter()
        try:
            with device_errors(), torch.inference_mode():
                predictions = self._press.predict(first.model, [rows for _, rows in ready])
        except DeviceBroken:
            raise
        except Exception as error:  # noqa: BLE001 - the most urgent one has to go; the others try again without it
            return [*ended, self._drop(first, error)]
        share = (time.perf_counter() - began) / sum(len(rows) for _, rows in ready)
        width = self._press.width(first.model, painting.shape)
        for (turn, rows), prediction in zip(ready, predictions, strict=True):
            turn[0].widths.add(width)
            turn[0].kernels.add(self._press.kernels(first.model, painting.shape))
            turn[0].seconds += share * len(rows)
            ended += self._take_step(turn, prediction)
        return ended

    def _prepare(self, turns: list[Turn]) -> tuple[list[tuple[Turn, Rows]], list[Ending]]:
        """Return what the UNet shall see of every turn; whoever breaks here ends alone."""
        ready, ended = [], []
        for commission, painting in turns:
            if commission in self._rota.commissions:
                outcome = self._guarded(commission, partial(commission.rows_of, painting))
                if isinstance(outcome, Rows):
                    ready.append(((commission, painting), outcome))
                else:
                    ended.append(outcome)
        return ready, ended

    def _take_step(self, turn: Turn, prediction: torch.Tensor) -> list[Ending]:
        commission, painting = turn
        if commission not in self._rota.commissions:  # another of its paintings broke just now
            return []

        def advance() -> None:
            painting.advance(prediction)
            commission.took_step(painting)

        outcome = self._guarded(commission, advance)
        return [] if outcome is None else [outcome]

    def _guarded(self, commission: Commission, work: Callable[[], T]) -> T | Ending:
        """Do a commission's own work on its own time; where that fails, drop it and return its end."""
        began = time.perf_counter()
        try:
            with device_errors(), torch.inference_mode():
                return work()
        except DeviceBroken:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, only this attempt ends of it
            return self._drop(commission, error)
        finally:
            commission.seconds += time.perf_counter() - began

    def _develop(self) -> list[Ending]:
        """Begin to decode one picture, or all where nobody waits for a step: nobody's next step is longer delayed.

        Where all are decoded, few-step requests that came together end together, and who follows shares calls again.
        """
        ended = []
        while ready := [commission for commission in self._rota.commissions if commission.to_develop]:
            first = min(ready, key=lambda commission: commission.due)
            outcome = self._guarded(first, partial(first.develop, self._darkroom))
            ended += [] if outcome is None else [outcome]
            if self._rota.waiting:
                break
        if not self._rota.waiting:
            with device_errors():
                self._darkroom.wait()
        return ended + self._keep_developed()

    def _keep_developed(self) -> list[Ending]:
        developed = [commission for commission in self._rota.commissions if commission.developed]
        outcomes = [self._guarded(commission, commission.keep_developed) for commission in developed]
        return [outcome for outcome in outcomes if outcome is not None]

    def _collect(self) -> list[Ending]:
        """Hand over what is done; some had no step to take."""
        done = [commission for commission in self._rota.commissions if commission.done]
        for commission in done:
            self._rota.commissions.remove(commission)
        return [(commission.id, commission.drawing()) for commission in done]

    def _drop(self, commission: Commission, error: Exception) -> Ending:
        self._rota.commissions.remove(commission)
        return commission.id, error
