"""Measures whether a trained model means what it is told."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from PIL import Image

from demo_model.detect.accuracy import measure, shares
from demo_model.detect.checks import check
from demo_model.detect.detector import Detector
from demo_model.painter import Painter
from demo_model.world.captions import caption
from demo_model.world.drawer import SIDE, Picture, draw
from demo_model.world.sampler import sample
from demo_model.world.scene import Backdrop, Colour, Kind, Scene
from demo_model.world.sheet import contact_sheet
from demo_model.world.words import COLOURS, KINDS, LANDSCAPES

STRENGTHS = (0.2, 0.35, 0.5, 0.65, 0.8)
SEEDS = 4  #: other seeds of one prompt
SHEET_COLUMNS = 6
GOALS = {"object": 0.95, "colour": 0.95, "background": 0.95, "two objects": 0.8, "position": 0.8}


@dataclass(frozen=True)
class Report:
    """A model, the detectors that look at its pictures, and the settings it is measured at."""

    painter: Painter
    detector: Detector
    guidance: float
    seed: int

    def measure(self, captions: int) -> dict[str, Any]:
        """Return every figure; smaller questions are asked of a fifth as many captions."""
        few = max(2, captions // 5)
        adherence = self.adherence(captions, self.guidance)
        return {
            "settings": {
                "captions": captions,
                "guidance": self.guidance,
                "steps": self.painter.steps,
                "seed": self.seed,
            },
            "detector accuracy on drawn pictures": measure(self.detector, 4 * captions, self.seed + 1),
            "adherence": adherence,
            "goals met": {name: adherence.get(name, 0.0) >= goal for name, goal in GOALS.items()},
            "seconds a picture": self.seconds(),
            "adherence at guidance 1": self.adherence(few, 1.0),
            "adherence at guidance 7.5": self.adherence(few, 7.5),
            "negative prompt": self.negative(few),
            "seeds": self.seeds(few),
            "img2img PSNR by strength": self.strengths(few),
            "inpainting": self.inpainting(few),
        }

    def seconds(self) -> float:
        """Return how long one picture takes by itself, once warm."""
        self.painter.paint(["a red star"], [0], self.guidance)
        started = time.monotonic()
        self.painter.paint(["a blue cat on a meadow"], [0], self.guidance)
        return round(time.monotonic() - started, 3)

    def adherence(self, captions: int, guidance: float) -> dict[str, float]:
        """Return the share of captions, each of which tells every fact, whose pictures show each fact."""
        scenes, texts = self._captions(captions)
        seen = self.detector.look(self.painter.paint(texts, range(captions), guidance))
        return shares(check(scene, one) for scene, one in zip(scenes, seen, strict=True))

    def negative(self, captions: int) -> dict[str, float]:
        """Return how often a background that a picture has goes away when the negative prompt names it."""
        kinds = [tuple(Kind)[index % len(Kind)] for index in range(captions)]
        texts = [f"a {KINDS[kind][0]}" for kind in kinds]
        seeds = range(captions)
        before = self.detector.look(self.painter.paint(texts, seeds, self.guidance))
        unwanted = [_background(one.backdrop) for one in before]
        after = self.detector.look(self.painter.paint(texts, seeds, self.guidance, unwanted))
        kept = [bool(new.things) and new.things[0].kind is kind for kind, new in zip(kinds, after, strict=True)]
        gone = [new.backdrop is not old.backdrop for old, new in zip(before, after, strict=True)]
        return {"background removed": _mean(gone), "object still there": _mean(kept)}

    def seeds(self, captions: int) -> dict[str, float | bool]:
        """Return how unlike the pictures of different seeds are, and whether one seed gives the same bytes again."""
        _, texts = self._captions(captions // SEEDS + 1)
        by_seed = [self.painter.paint(texts, [seed] * len(texts), self.guidance) for seed in range(SEEDS)]
        again = self.painter.paint(texts, [0] * len(texts), self.guidance)
        between = [psnr(a, b) for first, second in pairwise(by_seed) for a, b in zip(first, second, strict=True)]
        same = all(np.array_equal(a, b) for a, b in zip(by_seed[0], again, strict=True))
        return {"mean PSNR between seeds, dB": _mean(between), "same seed, same bytes": same}

    def strengths(self, captions: int) -> dict[str, float | bool]:
        """Return the mean PSNR between sources and pictures made from them, by strength."""
        _, texts = self._captions(captions)
        sources = self._drawn(captions)
        means = {}
        for strength in STRENGTHS:
            made = self.painter.repaint(texts, sources, range(captions), self.guidance, strength)
            means[str(strength)] = _mean([psnr(*pair) for pair in zip(sources, made, strict=True)])
        falling = all(first > second for first, second in pairwise(means.values()))
        return {**means, "falls at every step": falling}

    def inpainting(self, captions: int) -> dict[str, float]:
        """Return how much the right half changes when it is painted anew, and how little the left half does."""
        _, texts = self._captions(captions)
        sources = self._drawn(captions)
        mask = np.zeros((SIDE, SIDE), np.uint8)
        mask[:, SIDE // 2 :] = 255
        made = self.painter.inpaint(texts, sources, mask, range(captions), self.guidance)
        pairs = list(zip(sources, made, strict=True))
        edge = SIDE // 2 - SIDE // 16  # what borders the mask is blended
        return {
            "PSNR outside the mask, dB": _mean([psnr(a[:, :edge], b[:, :edge]) for a, b in pairs]),
            "PSNR inside the mask, dB": _mean([psnr(a[:, SIDE // 2 :], b[:, SIDE // 2 :]) for a, b in pairs]),
        }

    def sheet(self) -> Image.Image:
        """Return a contact sheet of pictures made from fresh captions."""
        _, texts = self._captions(SHEET_COLUMNS**2)
        return contact_sheet(self.painter.paint(texts, range(len(texts)), self.guidance), SHEET_COLUMNS)

    def _captions(self, count: int) -> tuple[list[Scene], list[str]]:
        dice = np.random.default_rng((self.seed, 0))
        scenes = [sample(dice) for _ in range(count)]
        return scenes, [caption(scene, dice, complete=True) for scene in scenes]

    def _drawn(self, count: int) -> list[Picture]:
        dice = np.random.default_rng((self.seed, 1))
        return [draw(sample(dice)) for _ in range(count)]


def psnr(first: Picture, second: Picture) -> float:
    """Return the peak signal-to-noise ratio in dB, at most 99."""
    error = float(np.mean((first.astype(np.float64) - second.astype(np.float64)) ** 2))
    return 99.0 if error == 0 else min(99.0, 10 * float(np.log10(255**2 / error)))


def _background(backdrop: Backdrop) -> str:
    """Return what a negative prompt calls the background."""
    return f"{COLOURS[backdrop][0]} background" if isinstance(backdrop, Colour) else LANDSCAPES[backdrop][0]


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4)
