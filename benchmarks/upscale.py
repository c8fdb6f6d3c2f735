"""Does /upscale beat plain resampling? Enlargements of drawn pictures beside what the drawer draws at that size.

`source` says what is enlarged: the large drawn picture reduced, or what the demo model's autoencoder makes of that, as
the model's own pictures are. PSNR is in dB. Edges: how strong the made picture's are where the drawn one's are
strongest, as a ratio; 1 is as sharp as drawn. Each way is measured on the same pictures, in one run.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks._bot import report
from benchmarks._engine import Studio, demo_studio
from demo_model.report import psnr
from demo_model.world.captions import caption
from demo_model.world.drawer import SIDE, draw
from demo_model.world.sampler import sample
from demo_model.world.scene import Scene
from inference.engine.loading import load
from inference.engine.pictures import Picture, to_picture, to_tensor
from inference.request import Task

STRONGEST = 0.02  #: the share of pixels whose edges are compared
STRENGTHS = (0.1, 0.2, 0.3)
SOURCES = ("drawn", "decoded")
FACTORS = (2, 4)


@dataclass(frozen=True)
class Case:
    """A small picture, its caption, and the same drawn larger."""

    small: Picture
    words: str
    large: Picture
    factor: int


def measure(pictures: int, seed: int) -> dict[str, Any]:
    """Return for every source and factor what each way comes to."""
    figures: dict[str, Any] = {}
    with demo_studio() as learned, demo_studio(upscaler=None) as plain:
        dice = np.random.default_rng(seed)
        scenes = [sample(dice) for _ in range(pictures)]
        words = [caption(scene, dice, complete=True) for scene in scenes]
        for source, factor in product(SOURCES, FACTORS):
            cases = list(_cases(plain, scenes, words, source, factor))
            figures[f"{source}, {factor}x"] = _compare(learned, plain, cases)
    return figures


@torch.inference_mode()
def _cases(studio: Studio, scenes: list[Scene], words: list[str], source: str, factor: int) -> Iterator[Case]:
    vae = load(studio.checkpoint, torch.device("cpu"), studio.folder).vae
    for scene, text in zip(scenes, words, strict=True):
        large = draw(scene, SIDE * factor)
        small = np.asarray(Image.fromarray(large).reduce(factor))
        if source == "decoded":
            small = to_picture(vae.decode(vae.encode(to_tensor(small)).latent_dist.mode()).sample)
        yield Case(small, text, large, factor)


def _compare(learned: Studio, plain: Studio, cases: list[Case]) -> dict[str, dict[str, float]]:
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for case in cases:
        for way, made in _ways(learned, plain, case):
            found[way].append((psnr(made, case.large), edges(made, case.large)))
    means = {way: np.mean(values, axis=0) for way, values in found.items()}
    return {way: {"psnr_db": round(float(m[0]), 2), "edges": round(float(m[1]), 3)} for way, m in means.items()}


def _ways(learned: Studio, plain: Studio, case: Case) -> Iterator[tuple[str, Picture]]:
    size = (SIDE * case.factor, SIDE * case.factor)
    yield "lanczos", np.asarray(Image.fromarray(case.small).resize(size, Image.Resampling.LANCZOS))
    yield "upscaler", _upscale(learned, case, 0.0)
    for strength in STRENGTHS:
        yield f"lanczos, refined at {strength}", _upscale(plain, case, strength)
    yield f"upscaler, refined at {STRENGTHS[0]}", _upscale(learned, case, STRENGTHS[0])


def _upscale(studio: Studio, case: Case, strength: float) -> Picture:
    side = SIDE * case.factor
    values: dict[str, Any] = {
        "task": Task.UPSCALE,
        "factor": case.factor,
        "width": side,
        "height": side,
        "strength": strength,
    }
    return studio.draw(case.words, source=case.small, **values)


def edges(made: Picture, drawn: Picture) -> float:
    """Return how strong the edges of the made picture are where the drawn one's are strongest."""
    wanted = _gradient(drawn)
    strongest = wanted >= np.quantile(wanted, 1 - STRONGEST)
    return float(_gradient(made)[strongest].mean() / wanted[strongest].mean())


def _gradient(picture: Picture) -> NDArray[np.float32]:
    light = picture.astype(np.float32).mean(2)
    down, across = np.gradient(light)
    return np.asarray(np.hypot(down, across), np.float32)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    report(measure(arguments.pictures, arguments.seed), arguments.json)
