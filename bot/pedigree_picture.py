"""A family of pictures drawn as one, in a clerk's process: each small and numbered, lines to what it was made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bot.pedigree import Pedigree
from provenance import metadata, png
from provenance.credentials import sign_composite
from provenance.identity import Identity

FINE = 2  # drawn at this many times its size, then reduced, so that lines are smooth
MARGIN, CARD_WIDTH, CARD_HEIGHT, GAP, ROW_GAP = 28, 168, 206, 28, 76  # pixels
PICTURE, PAD, ROUND = 148, 10, 12
TEXT, SMALL = 17, 14
PAPER, CARD, INK, FAINT, LINE, FOCUS = "#eef0f3", "#ffffff", "#1b1b1f", "#5c6470", "#858d99", "#3b5bdb"
CURVE = 24  # straight pieces of a curved line
TITLE = "imagine-lineage"


@dataclass(frozen=True, slots=True)
class Card:
    """One picture of the family: what stands on it, and by which action it was made.

    One without a thumbnail shows its `caption` in its place.
    """

    thumbnail: bytes | None
    id: str
    caption: str
    action: str
    focus: bool


def draw_pedigree(pedigree: Pedigree, cards: Sequence[Card], version: str, identity: Identity) -> bytes:
    """Return the signed PNG file; the cards are in the order of the pedigree's places."""
    width = round(2 * MARGIN + pedigree.width * (CARD_WIDTH + GAP) - GAP)
    height = 2 * MARGIN + pedigree.height * (CARD_HEIGHT + ROW_GAP) - ROW_GAP // 2
    image = Image.new("RGB", (FINE * width, FINE * height), PAPER)
    draw = ImageDraw.Draw(image)
    for way in pedigree.ways:
        _draw_way(draw, way)
    for number, (place, card) in enumerate(zip(pedigree.places.values(), cards, strict=True), start=1):
        _draw_card(image, draw, place, number, card)
    pixels = np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))
    file = png.encode(pixels, {metadata.XMP: metadata.composite_xmp(version, TITLE)})
    return sign_composite(file, TITLE, version, identity)


def _draw_way(draw: ImageDraw.ImageDraw, way: Sequence[tuple[float, int]]) -> None:
    """Draw a line from the foot of the parent to the head of the child, straight down where it passes a row."""
    stops = [(_middle(x), _top(y)) for x, y in way]
    points: list[tuple[float, float]] = []
    for place, (x, top) in enumerate(stops[:-1]):
        foot, (next_x, next_top) = top + CARD_HEIGHT, stops[place + 1]
        points += [(x, top)] if place else []
        points += _curve((x, foot), (next_x, next_top - (ROW_GAP // 2 if place == len(stops) - 2 else 0)))
    points.append((stops[-1][0], stops[-1][1]))
    draw.line([(FINE * x, FINE * y) for x, y in points], LINE, 3 * FINE, joint="curve")


def _curve(start: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
    """Return the points of a line that leaves and arrives vertically."""
    ways = np.linspace(0, 1, CURVE)
    share = ways * ways * (3 - 2 * ways)
    return [
        (start[0] + (end[0] - start[0]) * s, start[1] + (end[1] - start[1]) * t)
        for s, t in zip(share, ways, strict=True)
    ]


def _draw_card(
    image: Image.Image, draw: ImageDraw.ImageDraw, place: tuple[float, int], number: int, card: Card
) -> None:
    middle, top = _middle(place[0]), _top(place[1])
    left = middle - CARD_WIDTH / 2
    box = _fine(left, top, left + CARD_WIDTH, top + CARD_HEIGHT)
    outline, thick = (FOCUS, 4) if card.focus else (LINE, 1)
    draw.rounded_rectangle(box, ROUND * FINE, CARD, outline, thick * FINE)
    frame = (left + PAD, top + PAD)
    if card.thumbnail is None:
        _draw_hidden(draw, frame, card)
    else:
        image.paste(_fitted(card.thumbnail), _at(*frame))
        _write(draw, (middle, top + PAD + PICTURE + 15), card.id, TEXT, INK)
        _write(draw, (middle, top + PAD + PICTURE + 34), card.caption, SMALL, FOCUS if card.focus else FAINT)
    _draw_badge(draw, (left + PAD, top + PAD), number)
    if card.action:
        _draw_label(draw, (middle, top - ROW_GAP / 4), card.action)


def _draw_hidden(draw: ImageDraw.ImageDraw, frame: tuple[float, float], card: Card) -> None:
    """Draw an empty frame of dashes, with words in it that say why."""
    left, top = frame
    right, low = left + PICTURE, top + CARD_HEIGHT - 2 * PAD
    for start in np.arange(0, 1, 1 / 16):
        end = start + 1 / 32
        for y in (top, low):
            draw.line(_fine(left + PICTURE * start, y, left + PICTURE * end, y), FAINT, 2 * FINE)
        for x in (left, right):
            draw.line(_fine(x, top + (low - top) * start, x, top + (low - top) * end), FAINT, 2 * FINE)
    _write(draw, ((left + right) / 2, (top + low) / 2), card.caption, TEXT, FAINT)


def _draw_badge(draw: ImageDraw.ImageDraw, centre: tuple[float, float], number: int) -> None:
    x, y = centre[0] + 6, centre[1] + 6
    draw.ellipse(_fine(x - 15, y - 15, x + 15, y + 15), INK, PAPER, 2 * FINE)
    _write(draw, (x, y), str(number), SMALL, CARD)


def _draw_label(draw: ImageDraw.ImageDraw, centre: tuple[float, float], text: str) -> None:
    x, y = centre
    half = _font(SMALL).getlength(text) / FINE / 2 + 9
    draw.rounded_rectangle(_fine(x - half, y - 12, x + half, y + 12), 12 * FINE, CARD, LINE, FINE)
    _write(draw, centre, text, SMALL, INK)


def _write(draw: ImageDraw.ImageDraw, centre: tuple[float, float], text: str, size: int, ink: str) -> None:
    draw.text(_at(*centre), text, ink, _font(size), anchor="mm")


def _fitted(thumbnail: bytes) -> Image.Image:
    """Return the small picture in the middle of a square of paper."""
    square = Image.new("RGB", (PICTURE * FINE, PICTURE * FINE), PAPER)
    with Image.open(BytesIO(thumbnail)) as opened:
        scale = PICTURE * FINE / max(opened.size)
        small = opened.convert("RGB").resize((round(opened.width * scale), round(opened.height * scale)))
    square.paste(small, ((square.width - small.width) // 2, (square.height - small.height) // 2))
    return square


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * FINE)


def _middle(x: float) -> float:
    return MARGIN + x * (CARD_WIDTH + GAP) + CARD_WIDTH / 2


def _top(y: int) -> float:
    return MARGIN + y * (CARD_HEIGHT + ROW_GAP)


def _at(x: float, y: float) -> tuple[int, int]:
    return round(FINE * x), round(FINE * y)


def _fine(*values: float) -> tuple[int, ...]:
    return tuple(round(FINE * value) for value in values)
