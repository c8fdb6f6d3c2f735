"""A picture in the making: painted in one piece, tile by tile, or given back as it came."""

from collections.abc import Callable, Sequence

from inference.engine.painting import Painting
from inference.engine.pictures import Picture
from inference.engine.refine import blend, tile_seed, tiles_of

Paint = Callable[[int, Picture], Painting]  #: from a seed, over a tile


class Canvas:
    """The paintings that a picture is put together from, and what they have come to."""

    def __init__(self, paintings: Sequence[Painting], join: Callable[[list[Picture]], Picture]) -> None:
        self.paintings = paintings
        self._painted: dict[Painting, Picture] = {}
        self._join = join

    @classmethod
    def whole(cls, painting: Painting, join: Callable[[Picture], Picture]) -> "Canvas":
        """Return a canvas for what is painted in one piece, and joined with what stays."""
        return cls([painting], lambda painted: join(painted[0]))

    @classmethod
    def tiled(cls, enlarged: Picture, side: int, seed: int, paint: Paint) -> "Canvas":
        """Return a canvas on which an enlarged picture is drawn over, each tile from a seed of its own."""
        height, width, _ = enlarged.shape
        tiles = tiles_of(width, height, side)
        paintings = [paint(tile_seed(seed, index), enlarged[tile.area]) for index, tile in enumerate(tiles)]
        return cls(paintings, lambda painted: blend(tiles, painted))

    @classmethod
    def given(cls, picture: Picture) -> "Canvas":
        """Return a canvas that holds a picture as it came."""
        return cls([], lambda _: picture)

    @property
    def left(self) -> int:
        """The number of steps that are still to be taken."""
        return sum(painting.left for painting in self.paintings)

    @property
    def complete(self) -> bool:
        """Whether all its paintings are finished."""
        return len(self._painted) == len(self.paintings)

    def keep(self, painting: Painting, picture: Picture) -> None:
        """Take the picture that a painting has become."""
        self._painted[painting] = picture

    def picture(self) -> Picture:
        """Return the picture, once the canvas is complete."""
        return self._join([self._painted[painting] for painting in self.paintings])
