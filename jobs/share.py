"""The tree of the fair share: its nodes, and who of them is due."""

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop
from itertools import count
from math import isfinite

NEVER = -1

Path = tuple[Hashable, ...]


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


class Outlook:
    """What a node will be served: found out as it is read, and remembered for the next who asks."""

    __slots__ = ("_known", "_rest")

    def __init__(self, rest: Iterator[Entry]) -> None:
        self._known: list[Entry] = []
        self._rest = rest

    def __iter__(self) -> Iterator[Entry]:
        known, rest = self._known, self._rest
        for index in count():
            if index == len(known):
                if (entry := next(rest, None)) is None:
                    return
                known.append(entry)
            yield known[index]


@dataclass(slots=True)
class Share:
    """A node of the tree. `tag` is the start tag of its next job, `clock` the virtual time of its children.

    `outlook` is what it will be served, as long as nothing changes at or below it.
    """

    tag: float = 0.0
    clock: float = 0.0
    last_served: int = NEVER
    arrived: int = 0
    pending: int = 0
    children: dict[Hashable, "Share"] = field(default_factory=dict)
    queue: deque[Entry] = field(default_factory=deque)
    outlook: Outlook | None = None

    @property
    def turn(self) -> tuple[float, int, int]:
        """Who has the smallest is next: by start tag; ties go to who waits longest, so that the order is total."""
        return self.tag, self.last_served, self.arrived

    def waiting(self) -> Iterator["Share"]:
        """Return the children that have jobs."""
        return (child for child in self.children.values() if child.pending)


def due(node: Share) -> list[Share]:
    """Return the path to the owner whose turn it is; empty where nobody waits."""
    if not node.pending:
        return []
    nodes = [node]
    while nodes[-1].children:
        nodes.append(min(nodes[-1].waiting(), key=lambda child: child.turn))
    return nodes


def due_that_fits(node: Share, fits: Callable[[Entry], bool], slack: float) -> list[Share]:
    """Return the path to the first owner whose next job fits, of those within the slack; empty where there is none."""
    if not node.pending:
        return []
    if not node.children:
        return [node] if fits(node.queue[0]) else []
    line = [(*child.turn, index, child) for index, child in enumerate(node.waiting())]
    heapify(line)  # mostly the first one fits, and the others need no order
    last = line[0][0] + slack
    while line and line[0][0] <= last:
        if nodes := due_that_fits(heappop(line)[-1], fits, slack):
            return [node, *nodes]
    return []


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
