"""An engine without torch, which does what the prompt says. The worker process loads it by its name."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from inference.checkpoints import Checkpoint
from inference.contract import CheckpointUnusable, DeviceBroken, Drawing, OutOfMemory, Unfeasible, Watch
from inference.protocol import Attempt, Pixels

BIG_PREVIEW = b"\0" * 2**20


class ScriptedEngine:
    """Draws black pictures, and fails in the ways that it is asked for."""

    def __init__(self, device: str, checkpoints: Mapping[str, Checkpoint], cache: Path) -> None:
        self.freed = False
        self._cache = cache

    def load(self, checkpoint: str) -> dict[str, str]:
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
        return {"engine": "scripted", "pid": str(os.getpid())}

    def draw(self, attempt: Attempt, watch: Watch, *, thrifty: bool) -> Drawing:
        request = attempt.request
        for step in range(request.num_inference_steps):
            watch.step(step + 1, request.num_inference_steps)
            self._obey(request.prompt, watch, thrifty=thrifty)
        path = Path(attempt.spool) / "0.npy"
        np.save(path, np.zeros((request.height, request.width, 3), np.uint8))
        picture = Pixels(path=str(path), seed=request.seed, width=request.width, height=request.height, concern=None)
        return Drawing(pictures=(picture,), fingerprint=self.load(""), truncated="")

    def free(self) -> None:
        self.freed = True

    def _obey(self, prompt: str, watch: Watch, *, thrifty: bool) -> None:
        match prompt:
            case "slow":
                time.sleep(0.02)
            case "hang":
                time.sleep(60)
            case "flood":
                watch.preview(BIG_PREVIEW)
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
