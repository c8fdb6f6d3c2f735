"""What a caption can say of a scene, as numbers to be told apart."""

import numpy as np
from numpy.typing import NDArray

from demo_model.world.scene import BACKDROPS, Colour, Group, Kind, Scene, Size, Style, Texture

UNKNOWN = -100  #: not a fact of this scene; the number that PyTorch's cross entropy passes over
SCENE_FACTS = {"backdrop": len(BACKDROPS), "style": len(Style), "groups": 2}
GROUP_FACTS = {
    "kind": len(Kind),
    "colour": len(Colour),
    "size": len(Size),
    "texture": len(Texture),
    "count": 3,
    "row": 3,
    "column": 3,
}
GROUPS = 2
EDGES = (0.375, 0.625)  #: where the middle third begins and ends: things stand at 1/4, 1/2 and 3/4


def facts(scene: Scene) -> NDArray[np.int64]:
    """Return the scene's facts, then the first group's, then the second's, in the order of the tables above."""
    behind = BACKDROPS.index(scene.backdrop)
    row = [behind, tuple(Style).index(scene.style), len(scene.groups) - 1]
    for group in scene.groups:
        row += _group_facts(group)
    row += [UNKNOWN] * len(GROUP_FACTS) * (GROUPS - len(scene.groups))
    return np.array(row, np.int64)


def _group_facts(group: Group) -> list[int]:
    """Return a group's facts; several things have no single place."""
    row, column = UNKNOWN, UNKNOWN
    if len(group.spots) == 1:
        row, column = _third(group.spots[0].y), _third(group.spots[0].x)
    looks = [
        tuple(Kind).index(group.kind),
        tuple(Colour).index(group.colour),
        tuple(Size).index(group.size),
        tuple(Texture).index(group.texture),
    ]
    return [*looks, len(group.spots) - 1, row, column]


def _third(coordinate: float) -> int:
    return sum(coordinate > edge for edge in EDGES)
