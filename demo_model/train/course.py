"""The whole course: detectors, text encoder, autoencoder, UNet, and the folder that holds the outcome."""

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from demo_model.detect.detector import save
from demo_model.train.autoencoder import AutoencoderStage, standardise
from demo_model.train.detector import DetectorStage
from demo_model.train.diffusion import DiffusionStage, Encoder
from demo_model.train.export import export
from demo_model.train.language import LanguageStage
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
        encoder = Encoder(
            text_encoder=self._train_language(),
            vae=self._train_autoencoder(),
            tokenizer=read_tokenizer(self._tokenizer),
            device=self.device,
        )
        with contextlib.closing(DiffusionStage(self.plan, self.device, self._seed(), encoder)) as stage:
            try:
                train(stage, self._budget(stage.name), self._states, self.tell)
            finally:
                networks = {"unet": stage.learner.average, "text_encoder": encoder.text_encoder, "vae": encoder.vae}
                export(self.model, **networks, tokenizer=self._tokenizer)
        return self.model

    @property
    def model(self) -> Path:
        """Where the model is put."""
        return self.folder / "model"

    @property
    def _states(self) -> Path:
        return self.folder / "state"

    @property
    def _tokenizer(self) -> Path:
        return self.folder / "tokenizer"

    def _train_detector(self) -> None:
        with contextlib.closing(DetectorStage(self.plan, self.device, self._seed())) as stage:
            train(stage, self._budget(stage.name), self._states, self.tell)
            save(stage.learner.average, self.folder / "detector.safetensors")

    def _train_language(self) -> Any:
        """Return the text encoder."""
        write_tokenizer(self._tokenizer)
        tokenizer = read_tokenizer(self._tokenizer)
        with contextlib.closing(LanguageStage(self.plan, self.device, self._seed(), tokenizer)) as stage:
            train(stage, self._budget(stage.name), self._states, self.tell)
            return stage.learner.average.text_encoder

    def _train_autoencoder(self) -> Any:
        """Return the autoencoder, its latents standardised."""
        with contextlib.closing(AutoencoderStage(self.plan, self.device, self._seed())) as stage:
            train(stage, self._budget(stage.name), self._states, self.tell)
            vae = stage.learner.average
        standardise(vae, self.plan.side, self.device)
        return vae

    def _budget(self, name: str) -> Budget:
        seconds = None if self.minutes is None else self.minutes * 60 * SHARES[name]
        return Budget(seconds=seconds, steps=self.steps)

    def _seed(self) -> tuple[int, ...]:
        """Return a new seed, so that a resumed run draws pictures that the last one did not."""
        return (secrets.randbits(32),)
