"""Measures whether a trained model means what it is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from PIL import Image

from demo_model.detect.accuracy import measure, shares
from demo_model.detect.checks import check
from demo_model.detect.detector import Detector, Seen
from demo_model.goals import Figures, goals_met
from demo_model.painter import Painter
from demo_model.world.captions import caption
from demo_model.world.drawer import SIDE, Picture, draw
from demo_model.world.sampler import sample
from demo_model.world.scene import BACKDROPS, Backdrop, Colour, Kind, Scene
from demo_model.world.sheet import contact_sheet
from demo_model.world.words import COLOURS, KINDS, LANDSCAPES

STRENGTHS = (0.2, 0.35, 0.5, 0.65, 0.8)
SEEDS = 4  #: other seeds of one prompt
SHEET_COLUMNS, SHEET_ROWS = 6, 4


@dataclass(frozen=True)
class Report:
    """A model, the detectors that look at its pictures, and the settings it is measured at."""

    painter: Painter
    detector: Detector
    guidance: float
    seed: int
    tell: Callable[[str], None] = lambda line: None

    def measure(self, captions: int) -> Figures:
        """Return every figure; smaller questions are asked of a fifth as many captions."""
        few = max(2, captions // 5)
        asked = {"captions": captions, "guidance": self.guidance, "steps": self.painter.steps, "seed": self.seed}
        questions: dict[str, Callable[[], Any]] = {
            "detector accuracy on drawn pictures": lambda: measure(self.detector, 4 * captions, self.seed + 1),
            "detector accuracy behind the autoencoder": lambda: measure(
                self.detector, captions, self.seed + 1, self.painter.decoded
            ),
            "adherence": lambda: self.adherence(captions, self.guidance),
            "adherence at guidance 1": lambda: self.adherence(few, 1.0),
            "adherence at guidance 7.5": lambda: self.adherence(few, 7.5),
            "negative prompt": lambda: self.negative(few),
            "seeds": lambda: self.seeds(few),
            "img2img PSNR by strength": lambda: self.strengths(few),
            "inpainting": lambda: self.inpainting(few),
        }
        figures: Figures = {"settings": asked}
        for question, answer in questions.items():
            self.tell(f"{question} …")
            figures[question] = answer()
        return figures | {"goals met": goals_met(figures)}

    def adherence(self, captions: int, guidance: float) -> dict[str, float]:
        """Return the share of captions, each of which tells every fact, whose pictures show each fact."""
        scenes, texts = self._captions(captions)
        seen = self.detector.look(self.painter.paint(texts, range(captions), guidance))
        return shares(check(scene, one) for scene, one in zip(scenes, seen, strict=True))

    def negative(self, captions: int) -> dict[str, float]:
        """Return how often what a picture has goes away when the negative prompt names it.

        Backgrounds are named to prompts that leave them open, and things likewise. For comparison: how often a
        background goes away when another one is named.
        """
        seeds = range(captions)
        things = [f"a {KINDS[tuple(Kind)[index % len(Kind)]][0]}" for index in seeds]
        plain = self._look(things, seeds)
        without = self._look(things, seeds, [_background(one.backdrop) for one in plain])
        control = self._look(things, seeds, [_background(_another(one.backdrop)) for one in plain])
        behind = [_background(BACKDROPS[index % len(BACKDROPS)]) for index in seeds]
        full = self._look(behind, seeds)
        bare = self._look(behind, seeds, [f"a {KINDS[one.things[0].kind][0]}" if one.things else "" for one in full])
        there = [(old.things[0].kind, new) for old, new in zip(full, bare, strict=True) if old.things]
        return {
            "background removed": _changed(plain, without),
            "background gone where another was named": _changed(plain, control),
            "thing removed": _mean([kind not in {thing.kind for thing in new.things} for kind, new in there]),
        }

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
        """Return how much the right half changes when it is painted anew, and how little the left half does.

        For comparison: how little the left half changes by nothing but the autoencoder.
        """
        _, texts = self._captions(captions)
        sources = self._drawn(captions)
        mask = np.zeros((SIDE, SIDE), np.uint8)
        mask[:, SIDE // 2 :] = 255
        made = self.painter.inpaint(texts, sources, mask, range(captions), self.guidance)
        kept, anew = slice(0, SIDE // 2 - SIDE // 16), slice(SIDE // 2, SIDE)  # what borders the mask is blended
        return {
            "PSNR outside the mask, dB": _mean_psnr(sources, made, kept),
            "PSNR of the autoencoder there, dB": _mean_psnr(sources, self.painter.decoded(sources), kept),
            "PSNR inside the mask, dB": _mean_psnr(sources, made, anew),
        }

    def sheet(self) -> Image.Image:
        """Return a contact sheet of pictures made from fresh captions."""
        _, texts = self._captions(SHEET_COLUMNS * SHEET_ROWS)
        return contact_sheet(self.painter.paint(texts, range(len(texts)), self.guidance), SHEET_COLUMNS, texts)

    def _look(self, texts: list[str], seeds: Sequence[int], negative: list[str] | None = None) -> list[Seen]:
        return self.detector.look(self.painter.paint(texts, seeds, self.guidance, negative))

    def _captions(self, count: int) -> tuple[list[Scene], list[str]]:
        """Return fresh scenes and what they are called: the same ones at the start, however many there are."""
        dice = np.random.default_rng((self.seed, 0))
        scenes, texts = [], []
        for _ in range(count):
            scenes.append(sample(dice))
            texts.append(caption(scenes[-1], dice, complete=True))
        return scenes, texts

    def _drawn(self, count: int) -> list[Picture]:
        dice = np.random.default_rng((self.seed, 1))
        return [draw(sample(dice)) for _ in range(count)]


def psnr(first: Picture, second: Picture) -> float:
    """Return the peak signal-to-noise ratio in dB, at most 99."""
    error = float(np.mean((first.astype(np.float64) - second.astype(np.float64)) ** 2))
    return 99.0 if error == 0 else min(99.0, 10 * float(np.log10(255**2 / error)))


def _mean_psnr(sources: Sequence[Picture], made: Sequence[Picture], columns: slice) -> float:
    return _mean([psnr(a[:, columns], b[:, columns]) for a, b in zip(sources, made, strict=True)])


def _changed(before: Sequence[Seen], after: Sequence[Seen]) -> float:
    """Return how often the background is another one."""
    return _mean([new.backdrop is not old.backdrop for old, new in zip(before, after, strict=True)])


def _another(backdrop: Backdrop) -> Backdrop:
    return BACKDROPS[(BACKDROPS.index(backdrop) + len(BACKDROPS) // 2) % len(BACKDROPS)]


def _background(backdrop: Backdrop) -> str:
    """Return what a negative prompt calls the background."""
    return f"{COLOURS[backdrop][0]} background" if isinstance(backdrop, Colour) else LANDSCAPES[backdrop][0]


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4)
