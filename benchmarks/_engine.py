"""The engine in this process, for benchmarks of pictures and not of the way to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from config.settings import load_settings
from inference.checkpoints import Checkpoint, load_checkpoints
from inference.engine.engine import DiffusersEngine
from inference.engine.pictures import Picture
from inference.protocol import Attempt
from inference.request import ImageRequest


class Nobody:
    """A watch that nobody keeps."""

    def wanted(self) -> bool:
        """Want the picture."""
        return True

    def started(self) -> None:
        """Take no notice."""

    def step(self, done: int, of: int) -> None:
        """Take no notice."""

    def wants_preview(self) -> bool:
        """Want none."""
        return False

    def preview(self, jpeg: bytes, seen: dict[str, float] | None) -> None:
        """Take no notice."""


@dataclass(frozen=True)
class Studio:
    """An engine with one checkpoint, drawing at the checkpoint's default settings where nothing else is said."""

    engine: DiffusersEngine
    checkpoint: Checkpoint
    folder: Path

    def draw(self, prompt: str, seed: int = 0, source: Picture | None = None, **values: Any) -> Picture:
        """Return a picture; `values` are a request's."""
        settings: dict[str, Any] = {
            "width": self.checkpoint.native_side,
            "height": self.checkpoint.native_side,
            "num_inference_steps": self.checkpoint.num_inference_steps,
            "guidance_scale": self.checkpoint.guidance_scale,
            "sampler": self.checkpoint.sampler,
        }
        path = self.folder / "source.png"
        if source is not None:
            Image.fromarray(source).save(path)
            settings["source"] = "0" * 64
        request = ImageRequest(checkpoint=self.checkpoint.name, prompt=prompt, seed=seed, **settings | values)
        attempt = Attempt(
            id="1", request=request, source_path=None if source is None else str(path), spool=str(self.folder)
        )
        drawing = self.engine.draw(attempt, Nobody())
        picture: Picture = np.load(drawing.pictures[0].path)
        return picture


@contextmanager
def demo_studio(**changes: Any) -> Iterator[Studio]:
    """Open a studio with the demo checkpoint, some of its entry changed."""
    checkpoint = load_checkpoints(load_settings().models)["demo"].model_copy(update=changes)
    with TemporaryDirectory() as folder:
        engine = DiffusersEngine("cpu", {checkpoint.name: checkpoint}, Path(folder))
        yield Studio(engine, checkpoint, Path(folder))
