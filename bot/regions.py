"""Parts of a picture by words: "left half", "top right quarter", "everything but the centre"."""

import re
from dataclasses import dataclass
from math import ceil, floor, sqrt

Part = tuple[float, float, float, float]  #: left, top, right, bottom, each from 0 to 1 of the picture's sides
Box = tuple[int, int, int, int]  #: the same in pixels

AMOUNT = re.compile(r"(?P<number>\d{1,3}(\.\d+)?) ?%|\b(?P<name>two thirds|three quarters|half|third|quarter|fifth)\b")
SHARES = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "two thirds": 2 / 3, "three quarters": 3 / 4}
CORNERS: dict[tuple[str, ...], str] = {  #: who names the sides the other way round means the same
    (across, down): f"{down} {across}" for across in ("left", "right") for down in ("top", "bottom")
}
USUAL = {  #: the share that is meant where nobody names one
    "left": 1 / 2,
    "right": 1 / 2,
    "top": 1 / 2,
    "bottom": 1 / 2,
    "top left": 1 / 4,
    "top right": 1 / 4,
    "bottom left": 1 / 4,
    "bottom right": 1 / 4,
    "centre": 1 / 4,
    "centre column": 1 / 3,
    "centre row": 1 / 3,
    "border": 1 / 3,
    "everything": 1,
}
SAME = {  #: other words for these, and words that say nothing
    "upper": "top",
    "lower": "bottom",
    "center": "centre",
    "central": "centre",
    "middle": "centre",
    "edge": "border",
    "edges": "border",
    "frame": "border",
    "all": "everything",
    "except": "but",
    "percent": "%",
    "&": "and",
    **dict.fromkeys(("the", "a", "of", "picture", "image", "part", "side", "corner", "area", "hand", "in", "one"), ""),
}
BUT = "everything but "
EXACT = 6  #: digits of a pixel after which two edges are the same: 1 - 0.99 is not quite 0.01


@dataclass(frozen=True, slots=True)
class Region:
    """Rectangles of a picture, whatever its size; `inverted` means all but them."""

    parts: tuple[Part, ...]
    inverted: bool = False

    def boxes(self, width: int, height: int) -> list[Box]:
        """Return the rectangles in whole pixels of a picture of that size; each has a pixel at least."""
        return [_pixels(part, width, height) for part in self.parts]


def parse_region(words: str) -> Region | None:
    """Return the part of a picture that the words name, None where they name none.

    An amount, such as "third" or "30%", is a share of the picture's area. Several parts are joined by "and".
    """
    text = _plain(words)
    inverted = text.startswith(BUT)
    found = [_parts_of(each.strip()) for each in text.removeprefix(BUT).split(" and ")]
    return Region(tuple(part for parts in found for part in parts), inverted) if all(found) else None


def _plain(words: str) -> str:
    """Return the words in small letters, without those that say nothing."""
    tokens = re.sub(r"[-_/\s]+", " ", words.casefold().replace(",", " and ")).split()
    return " ".join(filter(None, (SAME.get(token, token) for token in tokens)))


def _parts_of(phrase: str) -> tuple[Part, ...]:
    """Return the rectangles of one part; none where the phrase names none."""
    amount = AMOUNT.search(phrase)
    place = phrase if amount is None else " ".join((phrase[: amount.start()] + phrase[amount.end() :]).split())
    place = CORNERS.get(tuple(place.split()), place)
    if place not in USUAL:
        return ()
    share = USUAL[place] if amount is None else _share(amount)
    return _rectangles(place, share) if 0 < share <= 1 else ()


def _share(amount: re.Match[str]) -> float:
    return SHARES[amount["name"]] if amount["name"] else float(amount["number"]) / 100


def _rectangles(place: str, share: float) -> tuple[Part, ...]:
    """Return the rectangles that are so much of the picture; a border has four, the others one."""
    if place == "border":
        return _border(sqrt(1 - share))
    across, down = _sides(place, share)
    left = 0.0 if "left" in place else 1 - across if "right" in place else (1 - across) / 2
    top = 0.0 if "top" in place else 1 - down if "bottom" in place else (1 - down) / 2
    return ((left, top, left + across, top + down),)


def _sides(place: str, share: float) -> tuple[float, float]:
    """Return the width and the height of a rectangle that is so much of the picture."""
    if place in ("left", "right", "centre column"):
        return share, 1.0
    if place in ("top", "bottom", "centre row"):
        return 1.0, share
    return sqrt(share), sqrt(share)


def _border(inner: float) -> tuple[Part, ...]:
    """Return what is around a rectangle in the middle with so much of the picture's sides."""
    low, high = (1 - inner) / 2, (1 + inner) / 2
    return (0.0, 0.0, 1.0, low), (0.0, high, 1.0, 1.0), (0.0, low, low, high), (high, low, 1.0, high)


def _pixels(part: Part, width: int, height: int) -> Box:
    left, right = _whole(part[0], part[2], width)
    top, bottom = _whole(part[1], part[3], height)
    return left, top, right, bottom


def _whole(start: float, end: float, side: int) -> tuple[int, int]:
    first, last = (round(round(edge * side, EXACT)) for edge in (start, end))
    return (first, last) if first < last else (floor(min(start * side, side - 1)), ceil(max(end * side, 1)))
