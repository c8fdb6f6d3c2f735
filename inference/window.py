"""Which part of a source picture is drawn anew, and where what is drawn lies beyond its edges."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A rectangle over a source picture, in its pixels; `left` and `top` may be negative: it may reach beyond it."""

    left: int
    top: int
    width: int
    height: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Its left, upper, right and lower edges."""
        return self.left, self.top, self.left + self.width, self.top + self.height

    def lies_in(self, width: int, height: int) -> bool:
        """Say whether a picture of that size reaches everywhere under it."""
        left, top, right, bottom = self.box
        return left >= 0 and top >= 0 and right <= width and bottom <= height

    def touches(self, width: int, height: int) -> bool:
        """Say whether a picture of that size lies somewhere under it."""
        left, top, right, bottom = self.box
        return right > 0 and bottom > 0 and left < width and top < height
