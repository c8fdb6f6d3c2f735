"""The whole course: text encoder, autoencoder, detectors, upscaler, UNet, and the folder that holds the outcome."""

import contextlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from demo_model.train.autoencoder import AutoencoderStage, standardise
from demo_model.train.detector import DetectorStage
from demo_model.train.diffusion import DiffusionStage, Encoder
from demo_model.train.language import LanguageStage
from demo_model.train.networks import make_unet
from demo_model.train.parts import Parts, export, save_half
from demo_model.train.plan import SHARES, Plan
from demo_model.train.stage import Budget, LearningStage, train
from demo_model.train.tokens import read_tokenizer, write_tokenizer
from demo_model.train.upscaler import UpscalerStage


class AnotherCourse(Exception):
    """The folder holds another course; the text says which."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """A training run in a folder. `minutes` are for all stages together, `steps` for each of them.

    With `start`, the folder of a finished model, only its UNet is trained on; everything else is taken from there.
    """

    folder: Path
    device: torch.device
    plan: Plan
    minutes: float | None = None
    steps: int | None = None
    start: Path | None = None
    tell: Callable[[str], None] = print

    def run(self) -> Path:
        """Train what is not trained yet and return the folder of the model.

        Raises Stopped when asked to stop, and AnotherCourse where the folder's course was begun otherwise: its stages
        would not fit each other.
        """
        self._enroll()
        parts = self._train_parts() if self.start is None else Parts.load(self.start, self.device)
        encoder = Encoder(parts.vae, parts.text_encoder, read_tokenizer(parts.tokenizer), self.device)
        plan = self.plan if self.start is None else replace(self.plan, diffusion_first_share=0.0)
        stage = DiffusionStage(plan, self.device, self._seed(), encoder, parts.unet)
        try:
            self._train(stage)
        finally:
            export(self.model, replace(parts, unet=stage.learner.average))
        return self.model

    @property
    def model(self) -> Path:
        """Where the model is put."""
        return self.folder / "model"

    @property
    def _tokenizer(self) -> Path:
        return self.folder / "tokenizer"

    def _enroll(self) -> None:
        """Note in the folder how the course was begun, or see that it was begun as it is now."""
        path = self.folder / "course.json"
        start = None if self.start is None else str(self.start.resolve())
        mine = {"minutes": self.minutes, "steps": self.steps, "start": start}
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(mine), encoding="utf-8")
        begun = json.loads(path.read_text(encoding="utf-8"))
        if begun != mine:
            raise AnotherCourse(
                f"{self.folder} holds a course begun with {begun}: go on with that, or use another folder"
            )

    def _train_parts(self) -> Parts:
        write_tokenizer(self._tokenizer)
        tokenizer = read_tokenizer(self._tokenizer)
        reader = self._train(LanguageStage(self.plan, self.device, self._seed(), tokenizer))
        vae = self._train(AutoencoderStage(self.plan, self.device, self._seed()))
        standardise(vae, self.plan.side, self.device)
        detector = self._train(DetectorStage(self.plan, self.device, self._seed(), vae))
        save_half(detector, self.folder / "detector.safetensors")
        upscaler = self._train(UpscalerStage(self.plan, self.device, self._seed(), vae))
        return Parts(
            tokenizer=self._tokenizer,
            text_encoder=reader.text_encoder,
            vae=vae,
            upscaler=upscaler,
            unet=make_unet(self.plan),
        )

    def _train(self, stage: LearningStage) -> Any:
        """Train the stage to the end of its share of the time and return what it learned."""
        share = SHARES[stage.name] if self.start is None else 1.0
        seconds = None if self.minutes is None else self.minutes * 60 * share
        with contextlib.closing(stage):
            train(stage, Budget(seconds=seconds, steps=self.steps), self.folder / "state", self.tell)
        return stage.learner.average

    def _seed(self) -> tuple[int, ...]:
        """Return a new seed, so that a resumed run draws pictures that the last one did not."""
        return (secrets.randbits(32),)
