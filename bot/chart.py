"""A chart of bars, drawn in a clerk's process: every bar has its name and its number beside it."""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

WIDTH, ROW, MARGIN, NAMES = 960, 36, 24, 480  # pixels
SIZE = 18
INK, PAPER, BAR = "#1b1b1f", "#ffffff", "#3b5bdb"


def bar_chart(title: str, bars: Sequence[tuple[str, int]]) -> bytes:
    """Return the chart as PNG: a bar for each name, as long as its number is large."""
    image = Image.new("RGB", (WIDTH, 2 * MARGIN + ROW * (len(bars) + 1)), PAPER)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(SIZE)
    draw.text((MARGIN, MARGIN), title, INK, font)
    longest = WIDTH - NAMES - 4 * MARGIN
    most = max((count for _, count in bars), default=1) or 1
    for number, (name, count) in enumerate(bars, start=1):
        top, end = MARGIN + number * ROW, NAMES + longest * count // most
        draw.text((MARGIN, top), _fitting(name, font), INK, font)
        draw.rectangle((NAMES, top, max(end, NAMES + 1), top + SIZE), BAR)
        draw.text((end + MARGIN // 2, top), str(count), INK, font)
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _fitting(name: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Return as much of the name as there is room for."""
    while font.getlength(name) > NAMES - 2 * MARGIN:
        name = f"{name[:-2]}…"
    return name
