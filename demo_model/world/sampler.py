"""Draws scenes by lot. Every combination that can be told apart by eye occurs."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from demo_model.world.scene import (
    BACKDROPS,
    Backdrop,
    Colour,
    Group,
    Kind,
    Landscape,
    Place,
    Relation,
    Scene,
    Size,
    Spot,
    Style,
    Texture,
)

ALONE, SEVERAL = 0.45, 0.2  #: shares of one thing alone and of two or three alike; the rest are two different things
NATURAL = {
    Kind.SUN: Colour.YELLOW,
    Kind.MOON: Colour.YELLOW,
    Kind.TREE: Colour.GREEN,
    Kind.HEART: Colour.RED,
    Kind.FISH: Colour.ORANGE,
    Kind.MUSHROOM: Colour.RED,
    Kind.STAR: Colour.YELLOW,
    Kind.CAT: Colour.GREY,
    Kind.BOAT: Colour.BROWN,
}
#: colours that would be lost before the landscape
LOST = {Landscape.NIGHT: Colour.BLACK, Landscape.SNOW: Colour.WHITE}
BEHIND: tuple[Backdrop, ...] = (*BACKDROPS, *Landscape)  #: every landscape twice: they are the nicer half
DARK: tuple[Backdrop, ...] = (Colour.BLACK, Landscape.NIGHT, Colour.PURPLE)
UNLIT = frozenset({Colour.BLACK, Colour.BROWN, Colour.GREY})  #: colours that do not glow
RADII = {Size.SMALL: (0.105, 0.125), Size.MEDIUM: (0.17, 0.205), Size.LARGE: (0.29, 0.34)}
SEVERAL_RADII = {Size.SMALL: (0.09, 0.1), Size.MEDIUM: (0.13, 0.15)}
PAIR_RADII = {Size.SMALL: (0.1, 0.115), Size.MEDIUM: (0.15, 0.175), Size.LARGE: (0.2, 0.22)}
#: what may be turned; other things stand or lie on something
LOOSE = frozenset({Kind.CIRCLE, Kind.SQUARE, Kind.TRIANGLE, Kind.STAR, Kind.DIAMOND, Kind.RING, Kind.SUN, Kind.FLOWER})
PAIRS = (((0.3, 0.5), (0.7, 0.5)), ((0.5, 0.3), (0.5, 0.7)), ((0.32, 0.34), (0.68, 0.66)), ((0.32, 0.66), (0.68, 0.34)))
TRIPLES = (
    ((0.2, 0.5), (0.5, 0.5), (0.8, 0.5)),
    ((0.5, 0.27), (0.27, 0.69), (0.73, 0.69)),
    ((0.5, 0.73), (0.27, 0.31), (0.73, 0.31)),
)
STYLED = 0.4  #: the share of pictures in another style than the usual one
Choice = TypeVar("Choice")
COLUMNS = {"left": 0.25, "right": 0.75}
ROWS = {"top": 0.25, "bottom": 0.75}


def sample(dice: np.random.Generator) -> Scene:
    """Return a scene drawn by lot."""
    style = _one(dice, tuple(Style)[1:]) if dice.random() < STYLED else Style.SHADED
    backdrop: Backdrop = _one(dice, DARK if style is Style.NEON else BEHIND)
    seed, lot = int(dice.integers(2**32)), dice.random()
    if lot < ALONE:
        place = _one(dice, tuple(Place))
        return Scene(
            groups=(_alone(place, style, backdrop, dice),), backdrop=backdrop, style=style, place=place, seed=seed
        )
    if lot < ALONE + SEVERAL:
        return Scene(groups=(_several(style, backdrop, dice),), backdrop=backdrop, style=style, seed=seed)
    relation = _one(dice, tuple(Relation))
    groups = _pair(relation, style, backdrop, dice)
    return Scene(groups=groups, backdrop=backdrop, style=style, relation=relation, seed=seed)


def shows(colour: Colour, style: Style, backdrop: Backdrop) -> bool:
    """Return whether a thing of the colour can be told from the backdrop."""
    if style is Style.NEON and colour in UNLIT:
        return False
    return colour is not (LOST.get(backdrop) if isinstance(backdrop, Landscape) else backdrop)


def _alone(place: Place, style: Style, backdrop: Backdrop, dice: np.random.Generator) -> Group:
    sizes = tuple(Size) if place is Place.MIDDLE else (Size.SMALL, Size.MEDIUM)
    size = _size(sizes, style, dice)
    radius = dice.uniform(*RADII[size])
    vertical, horizontal = _split(place)
    x = COLUMNS.get(horizontal, 0.5) + dice.uniform(-0.05, 0.05)
    y = ROWS.get(vertical, 0.5) + dice.uniform(-0.05, 0.05)
    kind = _one(dice, tuple(Kind))
    return _group(kind, size, style, backdrop, (_spot(kind, x, y, radius, dice),), dice)


def _split(place: Place) -> tuple[str, str]:
    """Return the place's row and column, "" where it is in the middle of them."""
    words = place.value.split()
    return next((word for word in words if word in ROWS), ""), next((word for word in words if word in COLUMNS), "")


def _several(style: Style, backdrop: Backdrop, dice: np.random.Generator) -> Group:
    """Return two or three things alike, in a row or a triangle."""
    size = _size((Size.SMALL, Size.MEDIUM), style, dice)
    radius = dice.uniform(*SEVERAL_RADII[size])
    layouts = PAIRS if dice.random() < 0.5 else TRIPLES
    kind = _one(dice, tuple(Kind))
    spots = [
        _spot(kind, x + dice.uniform(-0.03, 0.03), y + dice.uniform(-0.04, 0.04), radius * dice.uniform(0.92, 1), dice)
        for x, y in _one(dice, layouts)
    ]
    return _group(kind, size, style, backdrop, tuple(spots), dice)


def _pair(relation: Relation, style: Style, backdrop: Backdrop, dice: np.random.Generator) -> tuple[Group, Group]:
    """Return two groups of one thing each that differ in kind and in colour."""
    near, far = np.array((0.27, 0.5)), np.array((0.73, 0.5))
    if relation in (Relation.ABOVE, Relation.BELOW):
        near, far = near[::-1], far[::-1]
    if relation in (Relation.RIGHT_OF, Relation.BELOW):
        near, far = far, near
    kinds = dice.permutation(len(Kind))[:2]
    groups: list[Group] = []
    for place, index in zip((near, far), kinds, strict=True):
        kind = tuple(Kind)[index]
        size = _size(tuple(Size), style, dice)
        x, y = place + dice.uniform(-0.045, 0.045, 2)
        spot = _spot(kind, x, y, dice.uniform(*PAIR_RADII[size]), dice)
        taken = groups[0].colour if groups else None
        groups.append(_group(kind, size, style, backdrop, (spot,), dice, taken))
    return groups[0], groups[1]


def _size(sizes: tuple[Size, ...], style: Style, dice: np.random.Generator) -> Size:
    """Return a size, most often medium; pixel art has too few cells for anything small."""
    size = _one(dice, sizes) if dice.random() < 0.6 else Size.MEDIUM
    return Size.MEDIUM if style is Style.PIXEL_ART and size is Size.SMALL else size


def _spot(kind: Kind, x: float, y: float, radius: float, dice: np.random.Generator) -> Spot:
    turn = dice.uniform(-0.3, 0.3) if kind in LOOSE else dice.uniform(-0.1, 0.1)
    return Spot(x=float(x), y=float(y), radius=float(radius), turn=float(turn))


def _group(
    kind: Kind,
    size: Size,
    style: Style,
    backdrop: Backdrop,
    spots: tuple[Spot, ...],
    dice: np.random.Generator,
    taken: Colour | None = None,
) -> Group:
    """Return a group of a colour that shows and is not taken."""
    colours = tuple(colour for colour in Colour if shows(colour, style, backdrop) and colour is not taken)
    colour = _one(dice, colours)
    if kind in NATURAL and NATURAL[kind] in colours and dice.random() < 0.25:
        colour = NATURAL[kind]
    textured = style in (Style.SHADED, Style.WATERCOLOUR) and dice.random() < 0.3
    texture = _one(dice, (Texture.STRIPED, Texture.DOTTED)) if textured else Texture.PLAIN
    return Group(kind=kind, colour=colour, size=size, texture=texture, spots=spots)


def _one(dice: np.random.Generator, choices: Sequence[Choice]) -> Choice:
    return choices[int(dice.integers(len(choices)))]
