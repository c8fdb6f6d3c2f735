"""Where the pictures of a family stand when it is drawn: parents above their children, lines as short as can be.

It is the method of Sugiyama, Tagawa and Toda (1981) in small: rows, bends where a line passes a row, an order in each
row by the mean of the neighbours, then places. Lines of one parent that pass a row do so through one bend.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import mean

from db.lineage import Line

WIDE = 6  #: pictures side by side; more of a generation stand in further rows
SWEEPS = 8
ROOM, BEND = 1.0, 0.2  # how wide a picture is with the gap beside it, and a bend

Point = str | tuple[str, int]  #: a picture's id, or the bend of a parent's lines in a row


@dataclass(frozen=True, slots=True)
class Pedigree:
    """The places of the pictures: x in widths of one from the left, y in rows from above; and the ways of the lines.

    The pictures are in the order in which one reads: by rows, then from left to right. Each way leads from a parent
    to a child through the bends between them.
    """

    places: Mapping[str, tuple[float, int]]
    ways: Sequence[Sequence[tuple[float, int]]]
    width: float
    height: int


@dataclass(slots=True)
class Rows:
    """The points of each row from left to right, and which of them lines join."""

    points: list[list[Point]]
    up: dict[Point, list[Point]] = field(default_factory=dict)
    down: dict[Point, list[Point]] = field(default_factory=dict)


def arrange(ids: Sequence[str], lines: Sequence[Line]) -> Pedigree:
    """Return where the pictures stand; the lines lead to and from some of them, and never in a circle."""
    above: dict[str, list[str]] = {name: [] for name in ids}
    for line in lines:
        if line.parent not in above[line.child]:
            above[line.child].append(line.parent)
    row_of = _rows_of(ids, above)
    rows, chains = _with_bends(row_of, above)
    _sort(rows)
    places = _placed(rows)
    left = min(x - _side(point) / 2 for point, x in places.items()) + ROOM / 2
    at = {point: (x - left, y) for y, row in enumerate(rows.points) for point in row for x in [places[point]]}
    order = sorted(ids, key=lambda name: (row_of[name], places[name]))
    width = max(x - left + _side(point) / 2 for point, x in places.items()) + ROOM / 2
    ways = [[at[point] for point in chain] for chain in chains]
    return Pedigree({name: at[name] for name in order}, ways, width, len(rows.points))


def _rows_of(ids: Sequence[str], above: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the row of each picture: below all its parents, and no row with more than there is room for."""
    level: dict[str, int] = {}
    while len(level) < len(ids):
        for name in ids:
            if name not in level and all(parent in level for parent in above[name]):
                level[name] = max((level[parent] + 1 for parent in above[name]), default=0)
    for name in ids:  # who has no parents stands right above the first of the children
        children = [level[child] for child in ids if name in above[child]]
        if not above[name] and children:
            level[name] = min(children) - 1
    row_of: dict[str, int] = {}
    first = 0
    for generation in sorted(set(level.values())):
        members = [name for name in ids if level[name] == generation]
        count = -(-len(members) // WIDE)
        row_of |= {name: first + place * count // len(members) for place, name in enumerate(members)}
        first += count
    return row_of


def _with_bends(row_of: Mapping[str, int], above: Mapping[str, Sequence[str]]) -> tuple[Rows, list[list[Point]]]:
    """Return the rows with a bend wherever lines of a parent pass one, and each line as the points on its way."""
    rows = Rows([[] for _ in range(max(row_of.values()) + 1)])
    for name, row in row_of.items():
        rows.points[row].append(name)
    chains: list[list[Point]] = []
    for child, parents in above.items():
        for parent in parents:
            bends: list[Point] = [(parent, row) for row in range(row_of[parent] + 1, row_of[child])]
            chains.append([parent, *bends, child])
            for bend, row in zip(bends, range(row_of[parent] + 1, row_of[child]), strict=True):
                if bend not in rows.points[row]:
                    rows.points[row].append(bend)
    for upper, lower in {pair: None for chain in chains for pair in pairwise(chain)}:
        rows.down.setdefault(upper, []).append(lower)
        rows.up.setdefault(lower, []).append(upper)
    return rows, chains


def _sort(rows: Rows) -> None:
    """Order each row by the mean place of the neighbours, downwards and upwards in turn."""
    for sweep in range(SWEEPS):
        neighbours = rows.down if sweep % 2 else rows.up
        for row in reversed(rows.points) if sweep % 2 else rows.points:
            place = {point: number / len(each) for each in rows.points for number, point in enumerate(each)}
            row.sort(key=lambda point: mean([place[each] for each in neighbours.get(point, [point])]))


def _placed(rows: Rows) -> dict[Point, float]:
    """Return how far to the right each point's middle is: near its neighbours', with room for all."""
    places = {point: x for row in rows.points for point, x in zip(row, _apart(row, [0.0] * len(row)), strict=True)}
    for sweep in range(SWEEPS):
        for row in reversed(rows.points) if sweep % 2 else rows.points:
            near = [[places[each] for each in (*rows.up.get(p, ()), *rows.down.get(p, ()))] for p in row]
            wanted = [mean(each) if each else places[point] for point, each in zip(row, near, strict=True)]
            places |= zip(row, _apart(row, wanted), strict=True)
    return places


def _apart(row: Sequence[Point], wanted: Sequence[float]) -> list[float]:
    """Return the places nearest to those wanted at which nothing overlaps: pushed to the right and left by halves."""
    sides = [_side(point) for point in row]
    room = [0.0, *((one + other) / 2 for one, other in pairwise(sides))]
    pushed_right, pushed_left = list(wanted), list(wanted)
    for place in range(1, len(row)):
        pushed_right[place] = max(wanted[place], pushed_right[place - 1] + room[place])
    for place in range(len(row) - 2, -1, -1):
        pushed_left[place] = min(wanted[place], pushed_left[place + 1] - room[place + 1])
    return [(right + left) / 2 for right, left in zip(pushed_right, pushed_left, strict=True)]


def _side(point: Point) -> float:
    return ROOM if isinstance(point, str) else BEND
