"""The whole course: detectors, autoencoder, diffusion model, and the folder that holds the outcome."""

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from demo_model.detect.detector import save
from demo_model.train.autoencoder import AutoencoderStage, measure_scale
from demo_model.train.detector import DetectorStage
from demo_model.train.diffusion import DiffusionStage
from demo_model.train.export import export
from demo_model.train.plan import SHARES, Plan
from demo_model.train.stage import Budget, train
from demo_model.train.tokens import read_tokenizer, write_tokenizer


@dataclass(frozen=True, kw_only=True)
class Course:
    """A training run in a folder. `minutes` are for all stages together, `steps` for each of them."""

    folder: Path
    device: torch.device
    plan: Plan
    minutes: float | None = None
    steps: int | None = None
    tell: Callable[[str], None] = print

    def run(self) -> Path:
        """Train what is not trained yet and return the folder of the model. Raises Stopped when asked to stop."""
        self._train_detector()
        vae, scale = self._train_autoencoder()
        write_tokenizer(self.folder / "tokenizer")
        tokenizer = read_tokenizer(self.folder / "tokenizer")
        stage = DiffusionStage(self.plan, self.device, self._seed(), vae, scale, tokenizer)
        with contextlib.closing(stage):
            try:
                train(stage, self._budget(stage.name), self._states, self.tell)
            finally:
                average = stage.learner.average
                networks = {"unet": average["unet"], "text_encoder": average["text_encoder"], "vae": vae}
                export(self.model, **networks, scale=scale, tokenizer=self.folder / "tokenizer")
        return self.model

    @property
    def model(self) -> Path:
        """Where the model is put."""
        return self.folder / "model"

    @property
    def _states(self) -> Path:
        return self.folder / "state"

    def _train_detector(self) -> None:
        with contextlib.closing(DetectorStage(self.plan, self.device, self._seed())) as stage:
            train(stage, self._budget(stage.name), self._states, self.tell)
            save(stage.learner.average, self.folder / "detector.safetensors")

    def _train_autoencoder(self) -> tuple[torch.nn.Module, float]:
        """Return the autoencoder and the scale of its latents."""
        with contextlib.closing(AutoencoderStage(self.plan, self.device, self._seed())) as stage:
            train(stage, self._budget(stage.name), self._states, self.tell)
            vae = stage.learner.average
            return vae, measure_scale(vae, self.plan.side, self.device)

    def _budget(self, name: str) -> Budget:
        seconds = None if self.minutes is None else self.minutes * 60 * SHARES[name]
        return Budget(seconds=seconds, steps=self.steps)

    def _seed(self) -> tuple[int, ...]:
        """Return a new seed, so that a resumed run draws pictures that the last one did not."""
        return (secrets.randbits(32),)
