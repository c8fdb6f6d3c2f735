"""What happens to pictures on their way around the world."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance

from inference.engine.pictures import Picture

Disturbance = Callable[[Picture], Picture]
NOISE = 5.0  #: standard deviation, in levels
SCREEN = 1.25  #: pixels of a screen for one of the picture


def saved(kind: str, **settings: Any) -> Disturbance:
    """Return what a file of the kind makes of a picture."""

    def disturb(pixels: Picture) -> Picture:
        file = BytesIO()
        Image.fromarray(pixels).save(file, kind, **settings)
        return np.asarray(Image.open(file).convert("RGB"))

    return disturb


def cropped(share: float) -> Disturbance:
    """Return what is left without the share of the width and of the height, at least a pixel, at the left and top."""

    def disturb(pixels: Picture) -> Picture:
        top, left = (max(1, round(side * share)) for side in pixels.shape[:2])
        return pixels[top:, left:]

    return disturb


def brightened(factor: float) -> Disturbance:
    """Return the picture so many times as bright."""
    return lambda pixels: np.asarray(ImageEnhance.Brightness(Image.fromarray(pixels)).enhance(factor))


def half(pixels: Picture) -> Picture:
    """Return the picture at half its side."""
    return _scaled(pixels, pixels.shape[1] // 2, pixels.shape[0] // 2, Image.Resampling.BICUBIC)


def half_and_back(pixels: Picture) -> Picture:
    """Return the picture reduced to half its side and enlarged again."""
    return _scaled(half(pixels), pixels.shape[1], pixels.shape[0], Image.Resampling.BICUBIC)


def photographed(pixels: Picture) -> Picture:
    """Return the picture as a screen of another density shows it, brought back to its size with another filter."""
    height, width = pixels.shape[:2]
    shown = _scaled(pixels, round(width * SCREEN), round(height * SCREEN), Image.Resampling.BILINEAR)
    return _scaled(shown, width, height, Image.Resampling.LANCZOS)


def noisy(pixels: Picture) -> Picture:
    """Return the picture under noise, every time the same."""
    noise = np.random.default_rng(0).normal(scale=NOISE, size=pixels.shape)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def flipped(pixels: Picture) -> Picture:
    """Return the picture's mirror image."""
    return pixels[:, ::-1]


def _scaled(pixels: Picture, width: int, height: int, by: Image.Resampling) -> Picture:
    return np.asarray(Image.fromarray(pixels).resize((width, height), by))


DISTURBANCES: dict[str, Disturbance] = {
    "none": lambda pixels: pixels,
    "PNG again": saved("PNG"),
    **{f"JPEG {quality}": saved("JPEG", quality=quality) for quality in (95, 90, 80, 70, 50)},
    **{f"WebP {quality}": saved("WEBP", quality=quality) for quality in (90, 70)},
    "half and back": half_and_back,
    "half": half,
    "crop 1 px": cropped(0),
    "crop 5 %": cropped(0.05),
    "crop 20 %": cropped(0.2),
    "brighter 10 %": brightened(1.1),
    "darker 10 %": brightened(0.9),
    "noise": noisy,
    "flip": flipped,
    "screenshot": photographed,
}
