"""What the fair share will serve next, were nobody to come or go."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from heapq import heappop, heappush, heapreplace
from itertools import islice

from jobs.share import Entry, Outlook, Path, Share

#: entries of a job's own group that are looked at before the others are; twice as many where that was not enough
AT_ONCE = 16
Charge = Callable[[float, float, int, int], float]  # of a cost and a weight, on a level of so many
Stand = tuple[Share, Outlook, int]  # where one of a node's entries stands: how many of them come before


def upcoming(node: Share, level: int, served: int, charge: Charge) -> Outlook:
    """Return what the node, of this level, would be served. Where nothing has changed since, it is still known.

    The numbers of the turns that are foretold begin after `served`.
    """
    if node.outlook is None:
        rest = _merged(node, level + 1, served, charge) if node.children else iter(node.queue)
        node.outlook = Outlook(rest, lambda entry: charge(entry.cost, entry.weight, level, len(entry.path)), [node.tag])
    return node.outlook


def ahead(root: Share, last: Entry, served: int, charge: Charge, horizon: float) -> list[Entry]:
    """Return what would be served before an entry, the last of its owner, in no order that means anything.

    Of those beside its own group, who may be many and have much, that is looked up in what is known of them. Where all
    of it costs more than the horizon, some of it is told that does, too.
    """
    parent, level = _crossing(root, last.path)
    mine = parent.children[last.path[level]]
    ours, limit = upcoming(mine, level, served, charge), AT_ONCE
    while True:
        index = next((index for index, entry in enumerate(islice(ours, limit + 1)) if entry is last), limit)
        cost, found = ours.costs[index], ours.entries[:index]
        for sibling in parent.line:
            if sibling.tag > ours.starts[index] or cost > horizon:
                break
            if sibling is not mine:
                theirs = upcoming(sibling, level, served, charge)
                number = _before((mine, ours, index), sibling, theirs, horizon)
                cost += theirs.costs[number]
                found += theirs.entries[:number]
        if ours.entries[index] is last or cost > horizon:
            return found
        limit *= 2


def _crossing(root: Share, path: Path) -> tuple[Share, int]:
    """Return the first node on the path below which others wait, too, and the level of its children."""
    node, level = root, 0
    while level + 1 < len(path) and (child := node.children[path[level]]).pending == node.pending:
        node, level = child, level + 1
    return node, level


def _before(stand: Stand, sibling: Share, theirs: Outlook, horizon: float) -> int:
    """Return how many entries of a sibling are served before one stands where it does."""
    _, ours, index = stand
    theirs.reach(ours.starts[index], horizon)
    low = bisect_left(theirs.starts, ours.starts[index], hi=len(theirs.entries))
    high = bisect_right(theirs.starts, ours.starts[index], lo=low, hi=len(theirs.entries))
    return low + bisect_left(range(low, high), True, key=lambda tie: not _is_sooner((sibling, theirs, tie), stand))


def _is_sooner(one: Stand, other: Stand) -> bool:
    """Say whether one entry is served before another: of equal tags that of who was served less recently.

    That is whose entry before came sooner, which their tags tell again; whose first entry it is was served in the past.
    """
    (node, outlook, index), (sibling, beside, place) = one, other
    while index and place and outlook.starts[index] == beside.starts[place]:
        index, place = index - 1, place - 1
    if outlook.starts[index] != beside.starts[place]:
        return outlook.starts[index] < beside.starts[place]
    return not index if index or place else node.turn < sibling.turn


def _merged(node: Share, level: int, served: int, charge: Charge) -> Iterator[Entry]:
    """Merge what the children, of this level, would be served; of whom nobody reads so far, nothing is looked at."""
    line: list[tuple[float, int, int, int, int, Outlook]] = []  # of the children whose turn has come before
    coming = iter(node.line)
    newcomer = next(coming, None)
    while line or newcomer is not None:
        if newcomer is not None and (not line or newcomer.turn < line[0][:4]):
            heappush(line, (*newcomer.turn, 0, upcoming(newcomer, level, served, charge)))
            newcomer = next(coming, None)
        _, _, arrived, number, index, outlook = line[0]
        if not outlook.reaches(index):
            heappop(line)
            continue
        yield outlook.entries[index]
        served += 1
        heapreplace(line, (outlook.starts[index + 1], served, arrived, number, index + 1, outlook))
