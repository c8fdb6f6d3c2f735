"""Hierarchical start-time fair queueing: who is served next, by what they were served before.

Goyal, Vin, Cheng, "Start-time Fair Queueing" (SIGCOMM 1996), composed per level: guild, then user.
Pure: no clock and no input or output; the same calls give the same order.
"""

from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite

REMEMBERED = 1_000  # idle users or guilds per node


@dataclass(frozen=True, slots=True)
class Entry:
    """A waiting job: its path through the tree, and its cost in GPU-seconds, known before dispatch."""

    job: int
    path: tuple[Hashable, ...]
    cost: float

    def __post_init__(self) -> None:
        assert isfinite(self.cost), "a charge that no comparison survives"
        assert self.cost >= 0, "a charge that would bring an owner forward"


@dataclass(slots=True)
class Share:
    """A node of the tree. `tag` is the start tag of its next job, `clock` the virtual time of its children."""

    weight: float = 1.0
    tag: float = 0.0
    clock: float = 0.0
    last_served: int = -1
    arrived: int = 0
    pending: int = 0
    children: dict[Hashable, "Share"] = field(default_factory=dict)
    queue: deque[Entry] = field(default_factory=deque)

    def next_child(self) -> tuple[Hashable, "Share"]:
        """Return the child with the smallest start tag; ties go to who waits longest, so that the order is total."""
        waiting = ((key, child) for key, child in self.children.items() if child.pending)
        return min(waiting, key=lambda item: (item[1].tag, item[1].last_served, item[1].arrived))

    def copy(self) -> "Share":
        """Return a tree of its own, for looking ahead."""
        children = {key: child.copy() for key, child in self.children.items()}
        return Share(
            self.weight,
            self.tag,
            self.clock,
            self.last_served,
            self.arrived,
            self.pending,
            children,
            self.queue.copy(),
        )


class FairShare:
    """The waiting jobs, and the order in which they are due."""

    def __init__(self) -> None:
        self._root = Share()
        self._entries: dict[int, Entry] = {}
        self._sequence = 0
        self._order: list[Entry] | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, job: int) -> bool:
        return job in self._entries

    def submit(self, job: int, path: tuple[Hashable, ...], cost: float, *, weight: float = 1.0) -> None:
        """Put a job at the end of its owner's line. `weight` is the owner's (the leaf's) share."""
        entry = Entry(job, path, cost)
        self._add(entry, weight).queue.append(entry)

    def put_back(self, job: int, path: tuple[Hashable, ...], cost: float, *, weight: float = 1.0) -> None:
        """Put a job whose attempt was lost at the front of its owner's line, its charge refunded."""
        self.refund(path, cost)
        entry = Entry(job, path, cost)
        self._add(entry, weight).queue.appendleft(entry)

    def claim(self) -> Entry | None:
        """Take the job that is due, and charge everybody on its path with its cost."""
        self._order = None
        entry = self._claim_from(self._root)
        if entry is not None:
            del self._entries[entry.job]
        return entry

    def cancel(self, job: int) -> bool:
        """Take a waiting job out, free of charge."""
        entry = self._entries.pop(job, None)
        if entry is None:
            return False
        self._order = None
        nodes = self._nodes(entry.path)
        nodes[-1].queue.remove(entry)
        _uncount(nodes)
        return True

    def refund(self, path: tuple[Hashable, ...], cost: float) -> None:
        """Give a charge back. Never clamped to the clock: clamping breaks the bound between the backlogged."""
        self._order = None
        for node in self._nodes(path)[1:]:
            node.tag -= cost / node.weight

    def order(self) -> list[Entry]:
        """Return the waiting jobs in the order in which they would be served, were nobody to come or go."""
        if self._order is None:
            self._order = list(self._look_ahead())
        return self._order

    def _look_ahead(self) -> Iterator[Entry]:
        root, sequence = self._root.copy(), self._sequence
        while (entry := self._claim_from(root)) is not None:
            yield entry
        self._sequence = sequence

    def _add(self, entry: Entry, weight: float) -> Share:
        self._order = None
        self._entries[entry.job] = entry
        nodes = self._nodes(entry.path)
        nodes[-1].weight = weight
        for parent, node in pairwise(nodes):
            if not node.pending:  # no banking: who was away starts where the others are now
                node.tag = max(node.tag, parent.clock)
                node.arrived = self._tick()
        for node in nodes:
            node.pending += 1
        return nodes[-1]

    def _claim_from(self, root: Share) -> Entry | None:
        if not root.pending:
            return None
        nodes = [root]
        while nodes[-1].children:
            _, child = nodes[-1].next_child()
            nodes[-1].clock = max(nodes[-1].clock, child.tag)
            nodes.append(child)
        entry = nodes[-1].queue.popleft()
        served = self._tick()
        for node in nodes[1:]:
            node.tag += entry.cost / node.weight
            node.last_served = served
        _uncount(nodes)
        return entry

    def _nodes(self, path: tuple[Hashable, ...]) -> list[Share]:
        nodes = [self._root]
        for key in path:
            nodes.append(nodes[-1].children.setdefault(key, Share()))
        return nodes

    def _tick(self) -> int:
        self._sequence += 1
        return self._sequence


def _uncount(nodes: list[Share]) -> None:
    for node in nodes:
        node.pending -= 1
        if not node.pending and node.children:  # an idle tree forgets: use of an idle GPU leaves no debt
            node.clock = max(child.tag for child in node.children.values())
            if len(node.children) > REMEMBERED:  # all that is forgotten with them is who wins the next tie
                node.children.clear()
