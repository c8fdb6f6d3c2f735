"""What the fair share will serve next, were nobody to come or go."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from heapq import heappop, heappush, heapreplace

from jobs.share import Entry, Outlook, Share

AT_ONCE = 16  #: entries of an owner's group that are looked at before the others are
Turn = tuple[Share, Outlook, int]  # of a node: how many of its entries come before
Charge = Callable[[float, float, int, int], float]  # of a cost and a weight, on a level of so many


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

    Of the others on the first level, who may be many and have much, that is looked up in what is known of them. Where
    all of it costs more than the horizon, it is told only as far as that, or somewhat further.
    """
    mine = root.children[last.path[0]]
    ours = upcoming(mine, 0, served, charge)
    others = [(child, upcoming(child, 0, served, charge)) for child in root.waiting() if child is not mine]
    turn, further = 0, AT_ONCE
    while True:
        turn, further = _turn(ours, last, turn, further), 2 * further
        found = [(ours, turn), *((theirs, _before(child, theirs, (mine, ours, turn))) for child, theirs in others)]
        if ours.entries[turn] is last or sum(outlook.costs[number] for outlook, number in found) > horizon:
            return [entry for outlook, number in found for entry in outlook.entries[:number]]


def _turn(outlook: Outlook, last: Entry, turn: int, further: int) -> int:
    """Return where the last entry stands, or where one does that is so much further than the turn."""
    for index in range(turn, turn + further + 1):
        if outlook.reaches(index) and outlook.entries[index] is last:
            return index
    return turn + further


def _before(child: Share, theirs: Outlook, turn: Turn) -> int:
    """Return how many entries of a child are served before a sibling has this turn."""
    _, ours, index = turn
    start = ours.starts[index]
    while theirs.starts[-1] <= start and theirs.reaches(len(theirs.entries)):
        pass
    number = bisect_left(theirs.starts, start, hi=len(theirs.entries))
    while number < len(theirs.entries) and _sooner((child, theirs, number), turn):
        number += 1
    return number


def _sooner(one: Turn, other: Turn) -> bool:
    """Say whether one turn comes before another: of equal tags that of who was served less recently.

    That is whose turn before came sooner, which their tags tell again; who had none yet was served in the past.
    """
    (node, outlook, index), (sibling, outlook_of_sibling, place) = one, other
    while (mine := outlook.starts[index]) == (theirs := outlook_of_sibling.starts[place]) and index and place:
        index, place = index - 1, place - 1
    if mine != theirs:
        return mine < theirs
    return node.turn < sibling.turn if index == place else not index


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
