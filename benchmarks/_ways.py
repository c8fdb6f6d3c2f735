"""Ways to draw a line of requests: the engine's, and diffusers' own pipeline one by one, compiled, or in batches."""

import json
from collections import deque
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from diffusers import DiffusionPipeline

from benchmarks._engine import Nobody
from inference.checkpoints import Checkpoint, Family
from inference.contract import Drawing
from inference.engine.engine import DiffusersEngine
from inference.engine.model import Model
from inference.engine.pictures import Picture
from inference.engine.schedulers import make_scheduler
from inference.protocol import Attempt
from inference.request import ImageRequest

Made = list[tuple[int, Picture]]  #: pictures by their request's number


class Way(Protocol):
    """Takes requests as they come, and works whenever it is told to."""

    @property
    def busy(self) -> bool:
        """Whether there is anything to draw."""

    def take(self, number: int, request: ImageRequest) -> None:
        """Take a request into the line."""

    def work(self) -> Made:
        """Do a piece of work that cannot be broken off; return what it finished."""


class Together:
    """The engine, with as many requests at once as a worker takes."""

    def __init__(self, engine: DiffusersEngine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self._line: deque[tuple[int, ImageRequest]] = deque()
        self._begun = 0

    @property
    def busy(self) -> bool:
        """Whether there is anything to draw."""
        return bool(self._line) or self._begun > 0

    def take(self, number: int, request: ImageRequest) -> None:
        """Take a request into the line."""
        self._line.append((number, request))

    def work(self) -> Made:
        """Take a step of what is the most urgent."""
        while self._line and self._begun < self._engine.lanes:
            number, request = self._line.popleft()
            self._begun += 1
            spool = self._folder / str(number)
            spool.mkdir(exist_ok=True)
            attempt = Attempt(id=str(number), request=request, source_path=None, spool=str(spool))
            self._engine.begin(attempt, Nobody())
        ended = self._engine.tick()
        self._begun -= len(ended)
        return [(int(name), _picture(outcome)) for name, outcome in ended]


class Pipeline:
    """Diffusers' own pipeline: the oldest request first, with up to `most` that have the same settings beside it."""

    def __init__(self, pipeline: Any, checkpoint: Checkpoint, most: int = 1) -> None:
        self._pipeline = pipeline
        self._scheduler = scheduler_config(checkpoint)
        self._most = most
        self._line: list[tuple[int, ImageRequest]] = []

    @property
    def busy(self) -> bool:
        """Whether there is anything to draw."""
        return bool(self._line)

    def take(self, number: int, request: ImageRequest) -> None:
        """Take a request into the line."""
        self._line.append((number, request))

    def work(self) -> Made:
        """Draw a batch from its beginning to its end."""
        settings = _settings(self._line[0][1])
        batch = [each for each in self._line if _settings(each[1]) == settings][: self._most]
        self._line = [each for each in self._line if each not in batch]
        pictures = self.draw([request for _, request in batch])
        return list(zip((number for number, _ in batch), pictures, strict=True))

    @torch.inference_mode()
    def draw(self, requests: list[ImageRequest]) -> list[Picture]:
        """Return the pictures of requests that have the same settings."""
        first = requests[0]
        self._pipeline.scheduler = make_scheduler(first.sampler, self._scheduler)
        images = self._pipeline(
            [request.prompt for request in requests],
            width=first.width,
            height=first.height,
            num_inference_steps=first.num_inference_steps,
            guidance_scale=first.guidance_scale,
            generator=[torch.Generator("cpu").manual_seed(request.seed) for request in requests],
        ).images
        return [np.asarray(image) for image in images]


def pipeline_of(model: Model) -> Any:
    """Return diffusers' own pipeline on the same weights, in the same precision."""
    options = {"add_watermarker": False} if model.checkpoint.family is Family.SDXL else {}
    kind: Any = DiffusionPipeline
    pipeline = kind.from_pretrained(model.checkpoint.weights.folder, torch_dtype=model.dtype, **options)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(model.device)


def compiled(pipeline: Any) -> Any:
    """Let torch compile the pipeline's large networks when they are first called."""
    pipeline.unet.compile()
    pipeline.vae.decoder.compile()
    return pipeline


def scheduler_config(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return what the checkpoint says of its scheduler."""
    assert checkpoint.weights.folder is not None
    text = (checkpoint.weights.folder / "scheduler" / "scheduler_config.json").read_text()
    return dict(json.loads(text)) | dict(checkpoint.scheduler)


def _settings(request: ImageRequest) -> tuple[object, ...]:
    return request.width, request.height, request.num_inference_steps, request.guidance_scale, request.sampler


def _picture(outcome: Drawing | Exception) -> Picture:
    if isinstance(outcome, Exception):
        raise outcome
    picture: Picture = np.load(outcome.pictures[0].path)
    return picture
