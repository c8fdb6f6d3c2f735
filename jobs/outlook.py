"""What the fair share will serve next, were nobody to come or go."""

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush, heapreplace

from jobs.share import Entry, Outlook, Share

Charge = Callable[[float, float, int, int], float]  # of a cost and a weight, on a level of so many


def upcoming(node: Share, level: int, served: int, charge: Charge) -> Iterable[Entry]:
    """Return what the node would be served. Where nothing has changed since, it is still known.

    The numbers of the turns that are foretold begin after `served`.
    """
    if not node.children:
        return node.queue
    if node.outlook is None:
        node.outlook = Outlook(_merged(node, level, served, charge))
    return node.outlook


def _merged(node: Share, level: int, served: int, charge: Charge) -> Iterator[Entry]:
    """Merge what the children would be served; of whom nobody reads so far, nothing is looked at."""
    line: list[tuple[float, int, int, int, Iterator[Entry]]] = []  # of the children whose turn has come before
    coming = iter(node.line)
    newcomer = next(coming, None)
    while line or newcomer is not None:
        if newcomer is not None and (not line or newcomer.turn < line[0][:4]):
            heappush(line, (*newcomer.turn, iter(upcoming(newcomer, level + 1, served, charge))))
            newcomer = next(coming, None)
        tag, _, arrived, number, entries = line[0]
        entry = next(entries, None)
        if entry is None:
            heappop(line)
            continue
        yield entry
        served += 1
        tag += charge(entry.cost, entry.weight, level, len(entry.path))
        heapreplace(line, (tag, served, arrived, number, entries))
