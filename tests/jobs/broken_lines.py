"""Schedulers that are wrong on purpose, each in one thing: a property test that passes them proves nothing."""

from collections.abc import Collection, Iterable
from itertools import pairwise

from jobs.fair_share import FairShare, Standing
from jobs.share import Entry, Fits, Path, Share, Way, seat, way


class WithoutLift(FairShare):
    """Who was away has saved up."""

    def _add(self, entry: Entry) -> Share:
        nodes = self._nodes(entry.path)
        before = [node.tag for node in nodes]
        leaf = super()._add(entry)
        for node, tag in zip(nodes, before, strict=True):
            node.tag = tag
        seat(nodes)
        return leaf


class LastInFirstOut(FairShare):
    """Who asks twice waits longer for the first."""

    def submit(self, job: int, path: Path, cost: float, *, weight: float = 1.0) -> None:
        super().submit(job, path, cost, weight=weight)
        self._nodes(path)[-1].queue.rotate(1)


class NeverTwice(FairShare):
    """Rests rather than serve one person twice running."""

    last: Path | None = None

    def claim(self) -> Entry | None:
        if self._entries and {entry.path for entry in self._entries.values()} == {self.last}:
            self.last = None
            return None
        entry = super().claim()
        self.last = None if entry is None else entry.path
        return entry


class WithoutRefund(FairShare):
    """A crash is charged to who suffered it."""

    def refund(self, path: Path, cost: float, *, weight: float = 1.0) -> None:
        return


class Forgetful(FairShare):
    """A restart forgives everybody."""

    @classmethod
    def restored(cls, standings: Collection[Standing], waiting: Iterable[Entry], weighted: int = -1) -> "FairShare":
        line = cls(weighted)
        for entry in waiting:
            line.submit(entry.job, entry.path, entry.cost)
        return line


class Generous(FairShare):
    """Fills a batch however long others wait."""

    def claim_beside(self, suits: Fits, slack: float, fits: Fits = lambda _: True) -> Entry | None:
        return super().claim_beside(suits, 1e9, fits)


class StoppedClock(FairShare):
    """Lets who comes meanwhile start where somebody is who may not be served."""

    def _serve(self, path: Way, fits: Fits) -> Entry:
        return super()._serve(way([node for node, _ in path]), fits)


class Rash(FairShare):
    """Forgets the idle though they have a debt."""

    def forget(self) -> list[Path]:
        for node in self._root.children.values():
            node.children = {key: child for key, child in node.children.items() if child.pending}
        return []


class Clamped(FairShare):
    """Gives back no more than down to the clock."""

    def refund(self, path: Path, cost: float, *, weight: float = 1.0) -> None:
        super().refund(path, cost, weight=weight)
        for parent, node in pairwise(self._nodes(path)):
            node.tag = max(node.tag, parent.clock)
        seat(self._nodes(path))


class Unseated(FairShare):
    """Gives back, and leaves everybody where they stood."""

    def refund(self, path: Path, cost: float, *, weight: float = 1.0) -> None:
        for level, node in enumerate(self._nodes(path)[1:]):
            node.tag -= self._charge(cost, weight, level, len(path))
