"""The silhouettes: every kind of thing as polygons in a square from -1 to 1, y pointing down."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from demo_model.world.scene import Kind

Points = NDArray[np.float64]


class Tone(IntEnum):
    """What a part is filled with, relative to the thing's colour."""

    NONE = 0  #: a hole
    BODY = 1
    SHADE = 2
    LIGHT = 3
    INK = 4
    PAPER = 5
    MARK = 6  #: the stripes and dots of a texture
    EDGE = 7


@dataclass(frozen=True)
class Part:
    """A polygon of shape [corners, 2] and its tone; later parts cover earlier ones."""

    points: Points
    tone: Tone = Tone.BODY


@cache
def parts(kind: Kind) -> tuple[Part, ...]:
    """Return the polygons of the kind."""
    return _SHAPES[kind]()


def _corners(*points: tuple[float, float]) -> Points:
    return np.array(points)


def _box(left: float, top: float, right: float, bottom: float) -> Points:
    return _corners((left, top), (right, top), (right, bottom), (left, bottom))


def _oval(x: float, y: float, width: float, height: float, start: float = 0.0, end: float = 360.0) -> Points:
    """Return an ellipse, or an arc of it, by half axes; angles in degrees, clockwise from the right."""
    angles = np.radians(np.linspace(start, end, 40))
    return np.stack([x + width * np.cos(angles), y + height * np.sin(angles)], axis=1)


def _polar(radius: Callable[[Points], Points], corners: int) -> Points:
    angles = np.arange(corners) * 2 * np.pi / corners - np.pi / 2
    reach = radius(angles)
    return np.stack([reach * np.cos(angles), reach * np.sin(angles)], axis=1)


def _circle() -> tuple[Part, ...]:
    return (Part(_oval(0, 0, 0.92, 0.92)), Part(_oval(-0.34, -0.4, 0.2, 0.14), Tone.LIGHT))


def _square() -> tuple[Part, ...]:
    return (Part(_box(-0.8, -0.8, 0.8, 0.8)),)


def _triangle() -> tuple[Part, ...]:
    return (Part(_corners((0, -0.92), (0.98, 0.76), (-0.98, 0.76))),)


def _star() -> tuple[Part, ...]:
    return (Part(_polar(lambda angle: np.where(np.arange(len(angle)) % 2 == 0, 1.0, 0.43), 10)),)


def _heart() -> tuple[Part, ...]:
    t = np.linspace(0, 2 * np.pi, 48)
    down = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    outline = np.stack([np.sin(t) ** 3 * 0.98, -(down + 2.5) / 15], axis=1)
    return (Part(outline), Part(_oval(-0.45, -0.4, 0.17, 0.13), Tone.LIGHT))


def _diamond() -> tuple[Part, ...]:
    return (
        Part(_corners((0, -1), (0.7, 0), (0, 1), (-0.7, 0))),
        Part(_corners((0, -1), (0.7, 0), (0, 0.12)), Tone.LIGHT),
        Part(_corners((0, 1), (0.7, 0), (0, 0.12)), Tone.SHADE),
    )


def _ring() -> tuple[Part, ...]:
    return (Part(_oval(0, 0, 0.95, 0.95)), Part(_oval(0, 0, 0.5, 0.5), Tone.NONE))


def _sun() -> tuple[Part, ...]:
    rays = []
    for angle in np.arange(8) * 2 * np.pi / 8:
        along, across = np.array((np.cos(angle), np.sin(angle))), np.array((-np.sin(angle), np.cos(angle)))
        rays.append(Part(np.array((0.6 * along - 0.2 * across, along, 0.6 * along + 0.2 * across))))
    return (*rays, Part(_oval(0, 0, 0.5, 0.5)))


def _moon() -> tuple[Part, ...]:
    outer, inner = _oval(-0.2, 0, 0.95, 0.95, 55, 305), _oval(0.3, 0, 0.78, 0.78, -93, -267)
    return (Part(np.concatenate([outer, inner])),)


def _house() -> tuple[Part, ...]:
    return (
        Part(_box(-0.7, -0.1, 0.7, 0.9)),
        Part(_corners((-0.98, -0.05), (0, -0.92), (0.98, -0.05)), Tone.SHADE),
        Part(_box(-0.18, 0.32, 0.18, 0.9), Tone.SHADE),
        Part(_box(-0.56, 0.12, -0.3, 0.4), Tone.PAPER),
        Part(_box(0.3, 0.12, 0.56, 0.4), Tone.PAPER),
    )


def _tree() -> tuple[Part, ...]:
    half = [(0.0, -1.0), (0.42, -0.42), (0.24, -0.42), (0.64, 0.1), (0.38, 0.1), (0.82, 0.66)]
    outline = [*half, *((-x, y) for x, y in reversed(half[1:]))]
    return (Part(_box(-0.15, 0.5, 0.15, 1.0), Tone.SHADE), Part(_corners(*outline)))


def _flower() -> tuple[Part, ...]:
    petals = _polar(lambda angle: 0.5 + 0.48 * np.abs(np.cos(2.5 * (angle + np.pi / 2))) ** 0.7, 60)
    return (Part(petals), Part(_oval(0, 0, 0.27, 0.27), Tone.PAPER))


def _mushroom() -> tuple[Part, ...]:
    return (
        Part(_corners((-0.24, -0.05), (0.24, -0.05), (0.34, 0.92), (-0.34, 0.92)), Tone.PAPER),
        Part(_oval(0, 0.08, 0.98, 0.95, 180, 360)),
        Part(_oval(-0.42, -0.2, 0.16, 0.14), Tone.PAPER),
        Part(_oval(0.12, -0.52, 0.17, 0.14), Tone.PAPER),
        Part(_oval(0.52, -0.16, 0.14, 0.12), Tone.PAPER),
    )


def _fish() -> tuple[Part, ...]:
    return (
        Part(_corners((0.4, 0), (0.98, -0.52), (0.86, 0), (0.98, 0.52))),
        Part(_corners((-0.3, -0.4), (0.1, -0.78), (0.35, -0.3)), Tone.SHADE),
        Part(_oval(-0.2, 0, 0.76, 0.5)),
        Part(_oval(-0.58, -0.12, 0.13, 0.13), Tone.PAPER),
        Part(_oval(-0.6, -0.12, 0.06, 0.06), Tone.INK),
    )


def _boat() -> tuple[Part, ...]:
    return (
        Part(_box(-0.06, -0.9, 0.02, 0.4), Tone.SHADE),
        Part(_corners((0.08, -0.95), (0.8, 0.22), (0.08, 0.22)), Tone.PAPER),
        Part(_corners((-0.12, -0.7), (-0.12, 0.22), (-0.68, 0.22)), Tone.LIGHT),
        Part(_corners((-0.98, 0.34), (0.98, 0.34), (0.62, 0.9), (-0.62, 0.9))),
    )


def _car() -> tuple[Part, ...]:
    return (
        Part(_corners((-0.6, 0.05), (-0.38, -0.5), (0.32, -0.5), (0.62, 0.05))),
        Part(_corners((-0.43, -0.02), (-0.28, -0.36), (-0.06, -0.36), (-0.06, -0.02)), Tone.PAPER),
        Part(_corners((0.08, -0.02), (0.08, -0.36), (0.24, -0.36), (0.43, -0.02)), Tone.PAPER),
        Part(_corners((-0.98, 0.1), (-0.85, -0.02), (0.8, -0.02), (0.98, 0.14), (0.98, 0.45), (-0.98, 0.45))),
        Part(_oval(-0.52, 0.45, 0.24, 0.24), Tone.INK),
        Part(_oval(0.52, 0.45, 0.24, 0.24), Tone.INK),
        Part(_oval(-0.52, 0.45, 0.09, 0.09), Tone.PAPER),
        Part(_oval(0.52, 0.45, 0.09, 0.09), Tone.PAPER),
    )


def _cat() -> tuple[Part, ...]:
    return (
        Part(_corners((-0.82, -0.98), (-0.16, -0.52), (-0.78, 0.05))),
        Part(_corners((0.82, -0.98), (0.16, -0.52), (0.78, 0.05))),
        Part(_oval(0, 0.14, 0.86, 0.74)),
        Part(_oval(-0.34, -0.02, 0.17, 0.19), Tone.PAPER),
        Part(_oval(0.34, -0.02, 0.17, 0.19), Tone.PAPER),
        Part(_oval(-0.32, 0.0, 0.08, 0.13), Tone.INK),
        Part(_oval(0.32, 0.0, 0.08, 0.13), Tone.INK),
        Part(_corners((-0.13, 0.3), (0.13, 0.3), (0, 0.46)), Tone.INK),
    )


def _umbrella() -> tuple[Part, ...]:
    canopy = [_oval(0, 0.05, 0.98, 0.95, 180, 360)]
    canopy += [_oval(x, 0.05, 0.245, 0.16, 0, -180) for x in (0.735, 0.245, -0.245, -0.735)]
    handle = np.concatenate([_oval(0.18, 0.68, 0.24, 0.28, 180, 0), _oval(0.18, 0.68, 0.12, 0.16, 0, 180)])
    return (
        Part(_box(-0.06, -0.98, 0.06, 0.7), Tone.SHADE),
        Part(handle, Tone.SHADE),
        Part(np.concatenate(canopy)),
    )


_SHAPES: dict[Kind, Callable[[], tuple[Part, ...]]] = {
    Kind.CIRCLE: _circle,
    Kind.SQUARE: _square,
    Kind.TRIANGLE: _triangle,
    Kind.STAR: _star,
    Kind.HEART: _heart,
    Kind.DIAMOND: _diamond,
    Kind.RING: _ring,
    Kind.SUN: _sun,
    Kind.MOON: _moon,
    Kind.HOUSE: _house,
    Kind.TREE: _tree,
    Kind.FLOWER: _flower,
    Kind.MUSHROOM: _mushroom,
    Kind.FISH: _fish,
    Kind.BOAT: _boat,
    Kind.CAR: _car,
    Kind.CAT: _cat,
    Kind.UMBRELLA: _umbrella,
}
