"""The tree of the fair share: its nodes, and who of them is due."""

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import count, islice, pairwise
from math import inf, isfinite

NEVER = -1
SIBLINGS = 32  #: that are looked at for one that suits: thousands may be as near to their turn
LOOKED_AT = 16  #: jobs of one owner: where the first have to wait for a worker, a later one is served
STALE = 64  #: places in a line that nobody holds any more, beyond as many as are held, before it is made anew

Path = tuple[Hashable, ...]
Turn = tuple[float, int, int, int]
Way = list[tuple["Share", float]]  # to an owner: the nodes, and the smallest tag of those below each who may be served
Fits = Callable[["Entry"], bool]
Seat = tuple[float, int, int, int, "Share"]  # a turn, and whose it is; no two have the same turn


@dataclass(frozen=True, slots=True)
class Entry:
    """A waiting job: its path through the tree, its cost in GPU-seconds, known before dispatch, and its owner's weight.

    The weight stays with the job: what is given back is what was charged, whatever its owner's weight is by then.
    """

    job: int
    path: Path
    cost: float
    weight: float = 1.0

    def __post_init__(self) -> None:
        assert isfinite(self.cost), "a charge that no comparison survives"
        assert self.cost >= 0, "a charge that would bring an owner forward"


@dataclass(slots=True, eq=False)
class Outlook:
    """What a node will be served: found out as it is read, and remembered for the next who asks.

    `starts` are the start tags that its entries will have in its parent's line, and then that of what comes after them;
    `costs` is what so many of them cost together.
    """

    rest: Iterator[Entry]
    charge: Callable[[Entry], float]
    starts: list[float]
    entries: list[Entry] = field(default_factory=list)
    costs: list[float] = field(default_factory=lambda: [0.0])

    def reaches(self, index: int) -> bool:
        """Say whether there are so many entries and one more, which are known then."""
        while len(self.entries) <= index:
            if (entry := next(self.rest, None)) is None:
                return False
            self.entries.append(entry)
            self.starts.append(self.starts[-1] + self.charge(entry))
            self.costs.append(self.costs[-1] + entry.cost)
        return True

    def reach(self, start: float, cost: float) -> None:
        """Get to know all entries that start no later, as far as they cost no more."""
        while self.starts[-1] <= start and self.costs[-1] <= cost and self.reaches(len(self.entries)):
            continue

    def __iter__(self) -> Iterator[Entry]:
        for index in count():
            if not self.reaches(index):
                return
            yield self.entries[index]


class Line:
    """The children of a node that wait, by whose turn it is: a heap in which what no longer holds is left behind."""

    __slots__ = ("_heap", "_held")

    def __init__(self) -> None:
        self._heap: list[Seat] = []
        self._held = 0

    def seat(self, child: "Share") -> None:
        """Let a child that waits stand where its turn is, and one that does not wait nowhere."""
        wanted = child.turn if child.pending else None
        if (None if child.seat is None else child.seat[:4]) == wanted:
            return
        self._held += (wanted is not None) - (child.seat is not None)
        child.seat = None if wanted is None else (*wanted, child)
        if child.seat is not None:
            heappush(self._heap, child.seat)
        if len(self._heap) > 2 * self._held + STALE:
            self._heap = [seat for seat in self._heap if seat[-1].seat is seat]
            heapify(self._heap)

    def first(self) -> "Share":
        """Return the child whose turn it is; there has to be one."""
        while (child := self._heap[0][-1]).seat is not self._heap[0]:
            heappop(self._heap)
        return child

    def __iter__(self) -> Iterator["Share"]:
        """Return the children in order, as they stand now."""
        heap = self._heap.copy()
        while heap:
            seat = heappop(heap)
            if seat[-1].seat is seat:
                yield seat[-1]


_numbers = count()


@dataclass(slots=True, eq=False)
class Share:
    """A node of the tree. `tag` is the start tag of its next job, `clock` the virtual time of its children.

    `line` has those of its children that wait, `seat` is its own place in its parent's. `outlook` is what it will be
    served, as long as nothing changes at or below it. `number` decides where nothing else does.
    """

    tag: float = 0.0
    clock: float = 0.0
    last_served: int = NEVER
    arrived: int = 0
    pending: int = 0
    children: dict[Hashable, "Share"] = field(default_factory=dict)
    line: Line = field(default_factory=Line)
    seat: Seat | None = None
    queue: deque[Entry] = field(default_factory=deque)
    outlook: Outlook | None = None
    number: int = field(default_factory=_numbers.__next__)

    @property
    def turn(self) -> Turn:
        """Who has the smallest is next: by start tag; ties go to who waits longest, so that the order is total."""
        return self.tag, self.last_served, self.arrived, self.number

    def waiting(self) -> Iterator["Share"]:
        """Return the children that have jobs."""
        return (child for child in self.children.values() if child.pending)


def seat(nodes: list[Share]) -> None:
    """Let the nodes, which lie on one path from the root, stand in their lines where they are due after a change."""
    for parent, node in pairwise(nodes):
        parent.line.seat(node)
    for node in nodes:
        node.outlook = None


def due(node: Share) -> list[Share]:
    """Return the path to the owner whose turn it is; empty where nobody waits."""
    if not node.pending:
        return []
    nodes = [node]
    while nodes[-1].children:
        nodes.append(nodes[-1].line.first())
    return nodes


def due_beside(node: Share, suits: Fits, fits: Fits, slack: float) -> tuple[Way, Way]:
    """Return the way to the first owner whose job suits, and to the first whose job fits, as all have to.

    Of each owner only the first job that fits is asked about. The first way does not lie further behind the second
    than the slack, nor by more than so many of its siblings as are looked at. A way is empty where there is none.
    """
    if not node.pending:
        return [], []
    if not node.children:
        entry = next_of(node, fits)
        fitting = [] if entry is None else way([node])
        return (fitting if entry is not None and suits(entry) else []), fitting
    first, last, further = Way(), inf, 0
    for child in node.line:
        if child.tag > last or further > SIBLINGS:
            break
        suiting, fitting = due_beside(child, suits, fits, slack)
        if fitting and not first:
            first, last = [(node, child.tag), *fitting], child.tag + slack
        if suiting:
            return [(node, first[0][1]), *suiting], first
        further += bool(first)
    return [], first


def next_of(owner: Share, fits: Fits) -> Entry | None:
    """Return the first job of an owner that fits: what has to wait for a worker holds up no other of theirs."""
    return next(filter(fits, islice(owner.queue, LOOKED_AT)), None)


def way(nodes: Sequence[Share]) -> Way:
    """Return the way along nodes, anybody of whom may be served."""
    return [(node, node.line.first().tag if node.children else node.tag) for node in nodes]


def forgotten(node: Share, path: Path, parting: bool = False) -> Iterator[Path]:
    """Take the idle who are behind out of the tree, and all below them; yield their paths."""
    for key, child in list(node.children.items()):
        goes = parting or (not child.pending and child.tag < node.clock)
        yield from forgotten(child, (*path, key), goes)
        if goes:
            del node.children[key]
            yield (*path, key)


def uncount(nodes: list[Share]) -> None:
    """Let a job of the last of the nodes, which lie on one path, wait no more."""
    for node in nodes:
        node.pending -= 1
        if not node.pending and node.children:  # an idle tree forgives: use of an idle GPU leaves no debt
            node.clock = max(child.tag for child in node.children.values())
