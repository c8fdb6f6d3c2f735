"""How the bot is doing, drawn in a clerk's process: every mark, line and bar has its words and numbers beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto, unique
from io import BytesIO
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

FINE = 2  # drawn at this many times its size, then reduced, so that lines are smooth
WIDTH, MARGIN, ROW, GAP = 960, 28, 32, 26  # pixels
TITLE, TEXT, SMALL = 24, 17, 14
PAPER, CARD, INK, FAINT, RULE, FILL, PALE = "#ffffff", "#f3f4f7", "#1b1b1f", "#5c6470", "#c4c9d2", "#3b5bdb", "#c9d3f7"
COLUMNS = (MARGIN + 34, MARGIN + 250, MARGIN + 370, MARGIN + 600)  # of a worker: name, state, checkpoint, lanes
GRAPH, SCALE = 130, 60  # a graph's height, and the room for its numbers
LANE, MOST_LANES = 12, 8  # more of them than that are one bar
NAMES, LONGEST = 150, 380  # of the bars of what came of requests
LEGEND, DASH = 380, 8


@unique
class Mark(Enum):
    """The shape that stands for a worker's state."""

    DISC = auto()
    RING = auto()
    TRIANGLE = auto()
    CROSS = auto()


@dataclass(frozen=True, slots=True)
class WorkerLine:
    """One worker."""

    name: str
    mark: Mark
    state: str
    checkpoint: str
    busy: int
    lanes: int
    lanes_told: str


@dataclass(frozen=True, slots=True)
class Graph:
    """Lines over time by their names, the first one solid; `most` is the largest number, `start` and `end` the time."""

    title: str
    most: str
    lines: Mapping[str, Sequence[float | None]]
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Share:
    """A part of one, and how large an equal part would be."""

    title: str
    part: float
    equal: float | None
    mark: str


@dataclass(frozen=True, slots=True)
class End:
    """How many requests came to this, here and in all."""

    name: str
    here: int
    everybody: int
    told: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that is shown."""

    title: str
    when: str
    workers_title: str
    workers: Sequence[WorkerLine]
    workers_note: str
    depth: Graph
    waits: Graph
    share: Share
    ends_title: str
    ends: Sequence[End]


def draw_status(sheet: Sheet) -> bytes:
    """Return the PNG file."""
    rows = len(sheet.workers) + bool(sheet.workers_note) + len(sheet.ends)
    height = 2 * MARGIN + ROW * (rows + 5) + 2 * (GRAPH + ROW) + 4 * GAP + MARGIN // 2
    canvas = Canvas(height)
    top = canvas.heading(sheet)
    top = canvas.workers(top, sheet)
    for graph in (sheet.depth, sheet.waits):
        top = canvas.graph(top, graph)
    top = canvas.share(top, sheet.share)
    canvas.ends(top, sheet)
    return canvas.png()


class Canvas:
    """Draws the parts of the sheet one below another; each takes its top, and returns that of the next, in pixels."""

    def __init__(self, height: int) -> None:
        self._image = Image.new("RGB", (FINE * WIDTH, FINE * height), PAPER)
        self._draw = ImageDraw.Draw(self._image)
        self._fonts = {size: ImageFont.load_default(FINE * size) for size in (TITLE, TEXT, SMALL)}

    def heading(self, sheet: Sheet) -> float:
        """Write the title, and when it was."""
        self._text(MARGIN, MARGIN, sheet.title, TITLE)
        self._text(WIDTH - MARGIN, MARGIN + 6, sheet.when, TEXT, FAINT, anchor="ra")
        return MARGIN + ROW + GAP

    def workers(self, top: float, sheet: Sheet) -> float:
        """Draw a row for each worker."""
        top = self._title(top, sheet.workers_title)
        for worker in sheet.workers:
            self._mark(MARGIN + 8, top + TEXT / 2 + 2, worker.mark)
            name, state, checkpoint, lanes = COLUMNS
            self._text(name, top, self._with_its_end(worker.name, state - name - 10), TEXT)
            self._text(state, top, self._fitting(worker.state, checkpoint - state - 10), TEXT)
            self._text(checkpoint, top, self._fitting(worker.checkpoint, lanes - checkpoint - 10), TEXT)
            self._lanes(top, worker)
            top += ROW
        if sheet.workers_note:
            self._text(COLUMNS[0], top, sheet.workers_note, TEXT, FAINT)
            top += ROW
        return top + GAP / 2

    def graph(self, top: float, graph: Graph) -> float:
        """Draw lines over time, with the largest number at the top of its scale."""
        top = self._title(top, graph.title)
        left, right, bottom = MARGIN + SCALE, WIDTH - MARGIN, top + GRAPH
        most = max((value for line in graph.lines.values() for value in line if value is not None), default=0.0)
        self._rectangle(left, top, right, bottom, CARD)
        for height, told in ((top, graph.most if most else ""), (bottom, "0")):
            self._line([(left, height), (right, height)], RULE)
            self._text(left - 8, height, told, SMALL, FAINT, anchor="rm")
        for number, (name, values) in enumerate(graph.lines.items()):
            for piece in _pieces(values, left, right, top, bottom, most):
                self._line(piece, FILL if number == 0 else INK, dashed=number > 0)
            self._legend(LEGEND + 150 * number, bottom + 16, name, number)
        self._text(left, bottom + 8, graph.start, SMALL, FAINT)
        self._text(right, bottom + 8, graph.end, SMALL, FAINT, anchor="ra")
        return bottom + ROW + GAP / 2

    def share(self, top: float, share: Share) -> float:
        """Draw a bar for a part of one, and a line where an equal part would end."""
        top = self._title(top, share.title)
        left, right = MARGIN, WIDTH - MARGIN
        self._rectangle(left, top, right, top + TEXT, CARD)
        self._rectangle(left, top, left + (right - left) * share.part, top + TEXT, FILL)
        if share.equal is not None:
            x = left + (right - left) * share.equal
            self._line([(x, top - 4), (x, top + TEXT + 6)], INK)
            anchor = "la" if share.equal < 0.8 else "ra"
            self._text(x + (6 if anchor == "la" else -6), top + TEXT + 4, share.mark, SMALL, FAINT, anchor=anchor)
        return top + ROW + GAP

    def ends(self, top: float, sheet: Sheet) -> float:
        """Draw a bar for each end: what is ours of it is darker."""
        top = self._title(top, sheet.ends_title)
        most = max((end.everybody for end in sheet.ends), default=0) or 1
        for end in sheet.ends:
            self._text(MARGIN, top, self._fitting(end.name, NAMES - 10), TEXT)
            left = MARGIN + NAMES
            for count, colour in ((end.everybody, PALE), (end.here, FILL)):
                if count:
                    self._rectangle(left, top + 2, left + LONGEST * count / most, top + TEXT, colour)
            self._text(left + LONGEST * end.everybody / most + 10, top, end.told, TEXT)
            top += ROW
        return top

    def png(self) -> bytes:
        """Return the file."""
        file = BytesIO()
        self._image.reduce(FINE).save(file, "PNG")
        return file.getvalue()

    def _title(self, top: float, text: str) -> float:
        self._text(MARGIN, top, self._fitting(text, WIDTH - 2 * MARGIN), TEXT)
        return top + ROW - 4

    def _lanes(self, top: float, worker: WorkerLine) -> None:
        """Draw a box for each lane, full where it is taken; many are one bar, as full as they are."""
        boxes = min(worker.lanes, MOST_LANES)
        end = COLUMNS[3] + boxes * (LANE + 4)
        if worker.lanes > MOST_LANES:
            self._box(COLUMNS[3], end - 4, top + 3, PAPER)
            if worker.busy:
                self._box(COLUMNS[3], COLUMNS[3] + (end - 4 - COLUMNS[3]) * worker.busy / worker.lanes, top + 3, FILL)
        else:
            for lane in range(boxes):
                left = COLUMNS[3] + lane * (LANE + 4)
                self._box(left, left + LANE, top + 3, FILL if lane < worker.busy else PAPER)
        self._text(end + 6, top, self._fitting(worker.lanes_told, WIDTH - MARGIN - end - 6), TEXT)

    def _box(self, left: float, right: float, top: float, colour: str) -> None:
        self._draw.rectangle((FINE * left, FINE * top, FINE * right, FINE * (top + LANE)), colour, INK, FINE)

    def _legend(self, left: float, height: float, name: str, number: int) -> None:
        if name:
            self._line([(left, height), (left + 30, height)], FILL if number == 0 else INK, dashed=number > 0)
            self._text(left + 38, height, name, SMALL, FAINT, anchor="lm")

    def _mark(self, x: float, y: float, mark: Mark) -> None:
        size = 7
        box = tuple(FINE * each for each in (x - size, y - size, x + size, y + size))
        match mark:
            case Mark.DISC:
                self._draw.ellipse(box, INK)
            case Mark.RING:
                self._draw.ellipse(box, PAPER, INK, 2 * FINE)
            case Mark.TRIANGLE:
                corners = ((x, y - size), (x + size, y + size), (x - size, y + size))
                self._draw.polygon([(FINE * a, FINE * b) for a, b in corners], INK)
            case Mark.CROSS:
                for slope in (1, -1):
                    self._line([(x - size, y - slope * size), (x + size, y + slope * size)], INK)

    def _text(self, x: float, y: float, text: str, size: int, colour: str = INK, anchor: str = "la") -> None:
        self._draw.text((FINE * x, FINE * y), text, colour, self._fonts[size], anchor)

    def _rectangle(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        self._draw.rectangle((FINE * left, FINE * top, FINE * right, FINE * bottom), colour)

    def _line(self, points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> None:
        for start, end in pairwise(points):
            for (a, b), (c, d) in _dashes(start, end) if dashed else [(start, end)]:
                self._draw.line((FINE * a, FINE * b, FINE * c, FINE * d), colour, 2 * FINE)

    def _fitting(self, text: str, width: float) -> str:
        """Return as much of the text as there is room for."""
        while self._is_wider(text, width):
            text = f"{text[:-2]}…"
        return text

    def _with_its_end(self, name: str, width: float) -> str:
        """Return as much of the name as there is room for: what tells the cards of one machine apart is its end."""
        shown, kept = name, len(name)
        while self._is_wider(shown, width):
            kept -= 1
            shown = f"{name[: kept // 2]}…{name[-(kept + 1) // 2 :]}"
        return shown

    def _is_wider(self, text: str, width: float) -> bool:
        return self._fonts[TEXT].getlength(text) > FINE * width and len(text) > 1


Point = tuple[float, float]


def _pieces(
    values: Sequence[float | None], left: float, right: float, top: float, bottom: float, most: float
) -> list[list[Point]]:
    """Return the pieces of a line; where nothing is known it is interrupted, and what stands alone is a short dash."""
    pieces: list[list[Point]] = [[]]
    width = (right - left) / max(1, len(values))
    for number, value in enumerate(values):
        if value is None:
            pieces.append([])
            continue
        height = bottom - (bottom - top) * value / (most or 1.0)
        pieces[-1] += [(left + number * width, height), (left + (number + 1) * width, height)]
    return [piece for piece in pieces if piece]


def _dashes(start: Point, end: Point) -> list[tuple[Point, Point]]:
    """Return every other piece of a straight line."""
    (a, b), (c, d) = start, end
    pieces = max(1, round(((c - a) ** 2 + (d - b) ** 2) ** 0.5 / DASH))
    steps = [(a + (c - a) * number / pieces, b + (d - b) * number / pieces) for number in range(pieces + 1)]
    return list(pairwise(steps))[::2]
