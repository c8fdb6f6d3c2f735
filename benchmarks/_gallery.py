"""The pictures that marks are tried on: the demo model's, some enlarged as its /upscale does, and textures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks._engine import Studio, demo_studio
from benchmarks._textures import draw_texture
from demo_model.world.captions import caption
from demo_model.world.drawer import SIDE, draw
from demo_model.world.sampler import sample
from inference.engine.pictures import Picture
from inference.request import Task

SEED = 6
ENLARGED = 4  #: every fourth picture of the model is tried at twice its side too
TEXTURED = 4  #: a texture of either size for so many pictures of the model
Gallery = dict[str, list[Picture]]


def gallery(count: int, folder: Path) -> Gallery:
    """Return the pictures by what they are; the model's are drawn into the folder, unless they lie there."""
    folder.mkdir(parents=True, exist_ok=True)
    with demo_studio() as studio:
        drawn = [_kept(folder / f"{place}.png", studio, words, place) for place, words in enumerate(_captions(count))]
        enlarged = [
            _kept(folder / f"{place}-large.png", studio, "", place, source=drawn[place], **_twice())
            for place in range(0, count, ENLARGED)
        ]
    return {
        "demo 256": drawn,
        "demo 512": enlarged,
        "textures 256": [draw_texture(seed, SIDE, SIDE) for seed in range(-(-count // TEXTURED))],
        "textures 512": [draw_texture(seed, 2 * SIDE, 2 * SIDE) for seed in range(-(-count // TEXTURED))],
    }


def unmarked(count: int) -> Iterator[Picture]:
    """Yield pictures that nobody marked: three drawn by the drawer of the model's world, then a texture, and so on."""
    dice = np.random.default_rng(SEED)
    for place in range(count):
        side = SIDE * (1 + place % 8 // 4)
        yield draw(sample(dice), side) if place % 4 else draw_texture(10_000 + place, side, side)


def _captions(count: int) -> list[str]:
    dice = np.random.default_rng(SEED)
    return [caption(sample(dice), dice) for _ in range(count)]


def _twice() -> dict[str, Any]:
    return {"task": Task.UPSCALE, "factor": 2, "width": 2 * SIDE, "height": 2 * SIDE, "strength": 0.0}


def _kept(path: Path, studio: Studio, words: str, seed: int, **values: Any) -> Picture:
    if not path.exists():
        Image.fromarray(studio.draw(words, seed, **values)).save(path)
    return np.asarray(Image.open(path).convert("RGB"))
