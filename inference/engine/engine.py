"""Draws attempts with diffusers components on one device."""

from collections.abc import Mapping
from pathlib import Path

import torch

from inference.checkpoints import Checkpoint
from inference.contract import CheckpointUnusable, Drawing, Watch
from inference.engine.draughtsman import Draughtsman
from inference.engine.errors import device_errors
from inference.engine.fingerprint import make_deterministic
from inference.engine.loading import Model, load, naming
from inference.protocol import Attempt


class DiffusersEngine:
    """Holds one checkpoint at a time."""

    def __init__(self, device: str, checkpoints: Mapping[str, Checkpoint], cache: Path) -> None:
        make_deterministic()
        self._device = torch.device(device)
        self._checkpoints = checkpoints
        self._cache = cache
        self._model: Model | None = None

    def load(self, checkpoint: str) -> dict[str, str]:
        """Make a checkpoint ready, in the place of the one before. Raises CheckpointUnusable."""
        return self._take(checkpoint).fingerprint

    def draw(self, attempt: Attempt, watch: Watch, *, thrifty: bool) -> Drawing:
        """Draw the attempt's pictures into its spool folder, with the least memory where `thrifty`."""
        model = self._take(attempt.request.checkpoint)
        model.vae.use_tiling = thrifty
        with device_errors(), torch.inference_mode():
            return Draughtsman(model, attempt, watch).draw()

    def free(self) -> None:
        """Give back the memory that nobody uses."""
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _take(self, name: str) -> Model:
        if self._model is not None and self._model.checkpoint.name == name:
            return self._model
        if name not in self._checkpoints:
            raise CheckpointUnusable(f'there is no checkpoint "{name}"')
        self._model = None  # before the next one is loaded, so that there is room for it
        self.free()
        with naming(name), torch.inference_mode():
            self._model = load(self._checkpoints[name], self._device, self._cache)
        return self._model
