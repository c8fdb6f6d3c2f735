"""What the fair share will serve next, were nobody to come or go."""

from collections.abc import Callable, Iterable, Iterator
from heapq import heapify, heappop, heapreplace

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
    line = [
        (*child.turn, index, iter(upcoming(child, level + 1, served, charge)))
        for index, child in enumerate(node.waiting())
    ]
    heapify(line)
    while line:
        tag, _, arrived, index, entries = line[0]
        entry = next(entries, None)
        if entry is None:
            heappop(line)
            continue
        yield entry
        served += 1
        tag += charge(entry.cost, entry.weight, level, len(entry.path))
        heapreplace(line, (tag, served, arrived, index, entries))
