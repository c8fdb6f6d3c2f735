"""An engine without torch, which does what the prompt says. The worker process loads it by its name."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks._textures import draw_texture
from inference.checkpoints import Checkpoint
from inference.choices import ChoiceFile
from inference.contract import (
    Cancelled,
    CheckpointUnusable,
    Choices,
    DeviceBroken,
    Drawing,
    Ending,
    OutOfMemory,
    Unfeasible,
    Watch,
)
from inference.protocol import Attempt, Counts, Loaded, Pixels
from inference.request import Adapters

STEP_SECONDS = 0.1  # of the plain one
BIG_PREVIEW = b"\0" * 2**20


@dataclass
class Script:
    """An attempt that the engine has begun."""

    attempt: Attempt
    watch: Watch
    thrifty: bool
    step: int = 0


class ScriptedEngine:
    """Draws black pictures, and fails in the ways that it is asked for; takes a step of each attempt at every tick."""

    lanes = 2
    memory = None

    def __init__(
        self,
        device: str,
        checkpoints: Mapping[str, Checkpoint],
        cache: Path,
        *,
        choices: Choices | None = None,
        low_memory: bool | None = None,
    ) -> None:
        self.freed = False
        self._cache = cache
        self._choices = choices or ChoiceFile(cache / "rows.json")
        self._held: dict[Loaded, dict[str, str]] = {}
        self._steps = 0
        self._scripts: list[Script] = []

    def load(self, checkpoint: str, adapters: Adapters = ()) -> dict[str, str]:
        if checkpoint == "unusable":
            raise CheckpointUnusable("its picture check cannot be loaded: no such folder")
        if checkpoint == "gone":
            raise CheckpointUnusable("the download failed")
        if checkpoint == "unusable until repaired" and not (self._cache / "repaired").exists():
            raise CheckpointUnusable("its picture check cannot be loaded: not yet")
        if checkpoint == "slow to load":
            time.sleep(60)
        if checkpoint == "a second to load":
            time.sleep(1)
        told = {"engine": "scripted", "pid": str(os.getpid())}
        if checkpoint == "tried out":
            told["rows"] = str(self._choose("rows"))
        if checkpoint == "large":  # nothing has room beside it
            self._held.clear()
        self._held[checkpoint, adapters] = told
        return self._held[checkpoint, adapters]

    def _choose(self, name: str) -> int:
        """Try for a second what nobody else would find, and return what counts for all."""
        known = self._choices.get(name)
        time.sleep(1)
        return self._choices.keep(name, os.getpid()) if known is None else known

    def held(self) -> Mapping[Loaded, dict[str, str]]:
        return self._held

    def begin(self, attempt: Attempt, watch: Watch, *, thrifty: bool) -> None:
        self._scripts.append(Script(attempt, watch, thrifty))

    def tick(self) -> list[Ending]:
        ended: list[Ending] = []
        for script in list(self._scripts):
            outcome = self._step(script)
            if outcome is not None:
                self._scripts.remove(script)
                ended.append((script.attempt.id, outcome))
        return ended

    def _step(self, script: Script) -> Drawing | Exception | None:
        request = script.attempt.request
        script.step += 1
        self._steps += 1
        if not script.watch.wanted():
            return Cancelled()
        if script.step == 1:
            script.watch.started()
        try:
            script.watch.step(script.step, request.num_inference_steps)
            self._obey(request.prompt, script.watch, thrifty=script.thrifty)
        except DeviceBroken:
            raise
        except Exception as error:  # noqa: BLE001 - as the real one
            return error
        return self._drawing(script) if script.step == request.num_inference_steps else None

    def _drawing(self, script: Script) -> Drawing:
        request, attempt = script.attempt.request, script.attempt
        canvases = [np.zeros((request.height, request.width, 3), np.uint8)]
        if request.prompt == "show what came":
            paths = (attempt.source_path, attempt.mask_path, *attempt.blended_paths)
            canvases = [np.frombuffer(Path(path).read_bytes(), np.uint8) for path in paths if path is not None]
        pictures = tuple(self._picture(attempt, number, canvas) for number, canvas in enumerate(canvases))
        return Drawing(pictures=pictures, seconds=0.1, truncated="")

    def _picture(self, attempt: Attempt, number: int, canvas: np.ndarray) -> Pixels:
        request, path = attempt.request, Path(attempt.spool) / f"{number}.npy"
        np.save(path, canvas)
        return Pixels(
            path=str(path),
            seed=request.seed + number,
            width=request.width,
            height=request.height,
            seen=None,
            fingerprint=self.load(request.checkpoint),
        )

    def free(self) -> None:
        self.freed = True

    def counts(self) -> Counts:
        return Counts(rows_called=2 * self._steps, rows_used=self._steps)

    def _obey(self, prompt: str, watch: Watch, *, thrifty: bool) -> None:
        match prompt:
            case "slow":
                time.sleep(0.02)
            case "very slow":  # 150 steps are more than a test waits for
                time.sleep(0.5)
            case "hang":
                time.sleep(60)
            case "flood":
                watch.preview(BIG_PREVIEW, None)
            case "out of memory":
                raise OutOfMemory("no room")
            case "out of memory once" if not (thrifty and self.freed):
                raise OutOfMemory("no room")
            case "break the device":
                raise DeviceBroken("an illegal memory access was encountered")
            case "unfeasible":
                raise Unfeasible("cannot be drawn")
            case "raise":
                raise ZeroDivisionError("division by zero")
            case "die":
                os._exit(3)


class PlainEngine(ScriptedEngine):
    """Draws every picture of a request, each as its seed says, and takes a GPU's time for it."""

    def load(self, checkpoint: str, adapters: Adapters = ()) -> dict[str, str]:
        self._held[checkpoint, adapters] = {"engine": "plain", "weights": "0" * 64}
        return self._held[checkpoint, adapters]

    def tick(self) -> list[Ending]:
        time.sleep(STEP_SECONDS if self._scripts else 0)
        return super().tick()

    def _drawing(self, script: Script) -> Drawing:
        singles = script.attempt.request.singles()
        canvases = [draw_texture(each.seed, each.height, each.width) for each in singles]
        pictures = tuple(self._picture(script.attempt, number, canvas) for number, canvas in enumerate(canvases))
        return Drawing(pictures=pictures, seconds=STEP_SECONDS * script.step, truncated="")
