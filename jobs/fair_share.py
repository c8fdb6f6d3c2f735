"""Hierarchical start-time fair queueing: who is served next, by what they were served before.

Goyal, Vin, Cheng, "Start-time Fair Queueing" (SIGCOMM 1996), composed per level: guild, then user.
Pure: no clock and no input or output; the same calls give the same order.

What holds, S being the cost that a sibling was served, w its weight and C its largest job: between any two that never
ran out of jobs, |S_i/w_i - S_j/w_j| <= C_i/w_i + C_j/w_j; with a slack B for filling batches, 2B more.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise, takewhile
from math import inf

from jobs.outlook import ahead, upcoming
from jobs.share import NEVER, Entry, Fits, Path, Share, Way, due, due_beside, forgotten, next_of, seat, uncount, way

PROBE = -1  # the number of a job that is only thought of
ROOT = -1  # the level above all that are charged


@dataclass(frozen=True, slots=True)
class Standing:
    """What has to be remembered of a node, beside its jobs, for the order to go on as if nothing had happened."""

    path: Path
    tag: float
    clock: float
    last_served: int
    arrived: int


class FairShare:
    """The waiting jobs, and the order in which they are due. `weighted` is the level to which weights apply."""

    def __init__(self, weighted: int = -1) -> None:
        self._weighted = weighted
        self._root = Share()
        self._entries: dict[int, Entry] = {}
        self._sequence = 0
        self._touched: set[Path] = set()

    @classmethod
    def restored(cls, standings: Collection[Standing], waiting: Iterable[Entry], weighted: int = -1) -> "FairShare":
        """Return a line that goes on where another was, with the jobs of every owner in their order.

        Who is not remembered has just come.
        """
        line = cls(weighted)
        for standing in standings:
            node = line._nodes(standing.path)[-1]
            node.tag, node.clock = standing.tag, standing.clock
            node.last_served, node.arrived = standing.last_served, standing.arrived
            line._sequence = max(line._sequence, standing.last_served, standing.arrived)
        remembered = {standing.path for standing in standings}
        line._touched.clear()
        for entry in waiting:
            nodes = line._nodes(entry.path)
            for length, (parent, node) in enumerate(pairwise(nodes), start=1):
                if not node.pending and entry.path[:length] not in remembered:
                    line._arrive(node, parent)
            nodes[-1].queue.append(entry)
            line._entries[entry.job] = entry
            for node in nodes:
                node.pending += 1
            seat(nodes)
        return line

    def changed(self) -> Iterator[Standing]:
        """Return what has to be remembered of every node that may have changed since this was asked last."""
        owners, self._touched = self._touched, set()
        for path in {owner[:length] for owner in owners for length in range(len(owner) + 1)}:
            nodes = self._existing(path)
            if len(nodes) > len(path):  # it may have been forgotten
                node = nodes[-1]
                yield Standing(path, node.tag, node.clock, node.last_served, node.arrived)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, job: int) -> bool:
        return job in self._entries

    def submit(self, job: int, path: Path, cost: float, *, weight: float = 1.0) -> None:
        """Put a job at the end of its owner's line."""
        entry = Entry(job, path, cost, weight)
        self._add(entry).queue.append(entry)

    def put_back(self, job: int, path: Path, cost: float, *, weight: float = 1.0) -> None:
        """Put a job whose attempt was lost to where it stood in its owner's line, its charge refunded."""
        self.refund(path, cost, weight=weight)
        entry = Entry(job, path, cost, weight)
        queue = self._add(entry).queue
        queue.insert(sum(1 for _ in takewhile(lambda other: other.job < job, queue)), entry)

    def claim(self) -> Entry | None:
        """Take the job that is due, and charge everybody on its path with its cost."""
        return self._take(way(due(self._root)))

    def claim_beside(self, suits: Fits, slack: float, fits: Fits = lambda _: True) -> Entry | None:
        """Take the first job that suits, to fill a batch or to spare a change of checkpoint, and charge it in full.

        Nobody is passed over by more than the slack: at every level only those whose start tag is within `slack`
        GPU-seconds of the smallest come into question, and of an owner only the first job that fits. Where none suits,
        the first is taken. What does not fit, because it may not be served now, is left out of account, also by the
        clock: who comes meanwhile starts where those are who are served. What fits must not cease to meanwhile.
        """
        suiting, fitting = due_beside(self._root, suits, fits, slack)
        return self._take(suiting or fitting, fits)

    def cancel(self, job: int) -> bool:
        """Take a waiting job out, free of charge."""
        entry = self._entries.pop(job, None)
        if entry is None:
            return False
        nodes = self._nodes(entry.path)
        nodes[-1].queue.remove(entry)
        uncount(nodes)
        seat(nodes)
        return True

    def refund(self, path: Path, cost: float, *, weight: float = 1.0) -> None:
        """Give a charge back, by the weight by which it was made; a negative one charges it again.

        Never clamped to the clock: clamping breaks the bound between the backlogged.
        """
        nodes = self._nodes(path)
        for level, node in enumerate(nodes[1:]):
            node.tag -= self._charge(cost, weight, level, len(path))
        seat(nodes)

    def forget(self) -> list[Path]:
        """Forget the idle in whose stead a newcomer would be served just the same; return their paths.

        Whoever starts behind the others' clock is lifted to it, whatever they were served before.
        """
        return list(forgotten(self._root, ()))

    def lead(self) -> float:
        """Return how far the start tags of those on the first level that wait are ahead of the clock, at the most.

        In GPU-seconds by weight; what the algorithm promises bounds it by the costliest job, whatever the load.
        """
        return max((child.tag - self._root.clock for child in self._root.waiting()), default=0.0)

    def order(self) -> Iterator[Entry]:
        """Return the waiting jobs in the order in which they would be served, were nobody to come or go.

        It is found out as it is read: to know who is next takes no longer for all that come after.
        """
        return iter(upcoming(self._root, ROOT, self._sequence, self._charge))

    def ahead_of(self, path: Path, cost: float, *, weight: float = 1.0, horizon: float = inf) -> list[Entry]:
        """Return what would be served before a job that came now, in no order; nothing changes by the question.

        Where that costs more than the horizon, some of it is told that does, too.
        """
        probe = Entry(PROBE, path, cost, weight)
        with self._supposing(probe):
            return ahead(self._root, probe, self._sequence, self._charge, horizon)

    @contextmanager
    def _supposing(self, probe: Entry) -> Iterator[None]:
        """Let the probe wait as long as the block lasts."""
        sequence, touched = self._sequence, set(self._touched)
        known = [(node, node.tag, node.last_served, node.arrived) for node in self._existing(probe.path)]
        self._add(probe).queue.append(probe)
        try:
            yield
        finally:
            nodes = self._nodes(probe.path)
            del self._entries[probe.job]
            nodes[-1].queue.pop()
            for node in nodes:
                node.pending -= 1
            for node, tag, last_served, arrived in known:
                node.tag, node.last_served, node.arrived = tag, last_served, arrived
            seat(nodes)
            if len(known) < len(nodes):
                del known[-1][0].children[probe.path[len(known) - 1]]
            self._sequence, self._touched = sequence, touched

    def _add(self, entry: Entry) -> Share:
        self._entries[entry.job] = entry
        nodes = self._nodes(entry.path)
        for parent, node in pairwise(nodes):
            if not node.pending:
                self._arrive(node, parent)
        for node in nodes:
            node.pending += 1
        seat(nodes)
        return nodes[-1]

    def _arrive(self, node: Share, parent: Share) -> None:
        """Let a node begin to wait. No banking: who was away starts where the others are now, as if they were new."""
        if node.tag < parent.clock:
            node.tag, node.last_served = parent.clock, NEVER
        node.arrived = self._tick()

    def _take(self, path: Way, fits: Fits = lambda _: True) -> Entry | None:
        if not path:
            return None
        entry = self._serve(path, fits)
        del self._entries[entry.job]
        self._touched.add(entry.path)
        return entry

    def _serve(self, path: Way, fits: Fits) -> Entry:
        """Take the first job that fits at the end of the way, and charge its cost all along."""
        nodes = [node for node, _ in path]
        for node, smallest in path[:-1]:  # whoever is served
            node.clock = max(node.clock, smallest)
        entry = next_of(nodes[-1], fits)
        assert entry is not None, "the way leads to one"
        nodes[-1].queue.remove(entry)
        served = self._tick()
        for level, node in enumerate(nodes[1:]):
            node.tag += self._charge(entry.cost, entry.weight, level, len(entry.path))
            node.last_served = served
        uncount(nodes)
        seat(nodes)
        return entry

    def _charge(self, cost: float, weight: float, level: int, levels: int) -> float:
        """Return what a job is charged on one of its levels."""
        return cost / weight if level == self._weighted % levels else cost

    def _nodes(self, path: Path) -> list[Share]:
        """Return the nodes along a path to change them, those made that are not there yet."""
        self._touched.add(path)
        nodes = [self._root]
        for key in path:
            if (child := nodes[-1].children.get(key)) is None:
                child = nodes[-1].children[key] = Share()
            nodes.append(child)
        return nodes

    def _existing(self, path: Path) -> list[Share]:
        """Return the nodes along a path as far as it is known."""
        nodes = [self._root]
        for key in path:
            if (child := nodes[-1].children.get(key)) is None:
                break
            nodes.append(child)
        return nodes

    def _tick(self) -> int:
        self._sequence += 1
        return self._sequence
