"""The verdict on a picture made again: identical, near or different, and why."""

import math
from dataclasses import dataclass
from enum import StrEnum, unique
from io import BytesIO
from typing import Any, Self

import numpy as np
from PIL import Image

from provenance.png import unsigned

NEAR_PSNR = 30.0  # decibels; above it people see the same picture


@unique
class Likeness(StrEnum):
    """How alike two pictures are."""

    IDENTICAL = "identical"  #: the same bytes, but for the signature
    NEAR = "near"  #: not the same bytes, but PSNR at or above NEAR_PSNR
    DIFFERENT = "different"  #: another picture


@dataclass(frozen=True, slots=True)
class Verdict:
    """What /reproduce reports. `psnr` is in decibels, None where there is no difference to measure."""

    likeness: Likeness
    psnr: float | None
    changed: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for the database."""
        return {"likeness": self.likeness, "psnr": self.psnr, "changed": list(self.changed)}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Return the verdict that `to_dict` wrote."""
        return cls(Likeness(stored["likeness"]), stored["psnr"], tuple(stored["changed"]))


def compare(original: bytes, again: bytes, before: dict[str, str], now: dict[str, str]) -> Verdict:
    """Compare two pictures' files byte by byte, then pixel by pixel; name what changed in the fingerprint.

    Signatures are left out: each is made anew, and never the same twice.
    """
    changed = tuple(sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name)))
    if unsigned(original) == unsigned(again):
        return Verdict(Likeness.IDENTICAL, None, changed)
    ratio = psnr(_pixels(original), _pixels(again))
    return Verdict(Likeness.NEAR if ratio >= NEAR_PSNR else Likeness.DIFFERENT, ratio, changed)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio of two uint8 pictures in decibels; 0 where their sizes differ."""
    if one.shape != other.shape:
        return 0.0
    error = float(np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2))
    return 99.0 if error == 0 else min(99.0, 10 * math.log10(255**2 / error))


def _pixels(file: bytes) -> np.ndarray:
    with Image.open(BytesIO(file)) as picture:
        return np.asarray(picture.convert("RGB"))
