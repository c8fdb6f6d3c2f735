"""Whose turn it is: who is due first, but for those who have waited long; these go in the fair queue's order."""

from collections.abc import Callable, Iterator
from itertools import zip_longest

from inference.engine.commission import Commission
from inference.engine.model import Model
from inference.engine.painting import Painting
from inference.engine.rows import Shape

Turn = tuple[Commission, Painting]
Room = Callable[[Model, Shape], int]

PATIENCE = 32  #: calls that somebody sees pass by before a turn is owed to them; fewer would hold up the short ones


class Rota:
    """The commissions in the making, in the order in which the fair queue let them go.

    Everybody is due as many calls after they came as they have steps, and who is due first goes first: of equals the
    first to come is drawn to its end, and a short one overtakes a long one.

    A call is for one checkpoint and shape, so one that many draw with would keep the others waiting. Therefore who has
    not had a step for PATIENCE calls is owed one. Such turns are taken in the order of the last steps, so among those
    who have had none yet in the order of the fair queue. Whoever goes first then has waited at least as long as the
    others: of n commissions nobody waits for more than PATIENCE + n - 1 calls from one step to the next.
    """

    def __init__(self) -> None:
        self.commissions: list[Commission] = []
        self._calls = 0

    @property
    def waiting(self) -> list[Commission]:
        """Those that have steps to take."""
        return [commission for commission in self.commissions if commission.left]

    def add(self, commission: Commission) -> None:
        """Let a commission take part."""
        commission.due = self._calls + commission.left
        commission.served = self._calls
        self.commissions.append(commission)

    def first(self) -> Commission:
        """Return the commission whose turn it is."""
        return min(self.waiting, key=self._rank)

    def choose(self, room: Room) -> list[Turn]:
        """Return who takes a step now: the first, and of its checkpoint and shape whom there is room for beside it.

        `room` is in rows.
        """
        line = sorted(self.waiting, key=self._rank)
        first = next(line[0].paintings())
        free = room(line[0].model, first.shape) - first.row_count
        turns = [(line[0], first)]
        for commission, painting in _one_each([each for each in line if each.model is line[0].model]):
            if painting is not first and painting.shape == first.shape and painting.row_count <= free:
                turns.append((commission, painting))
                free -= painting.row_count
        self._calls += 1
        for commission, _ in turns:
            commission.served = self._calls
        return turns

    def _rank(self, commission: Commission) -> tuple[int, int]:
        """Return what orders the commissions: those to whom a turn is owed, then the others by when they are due."""
        owed = self._calls - commission.served >= PATIENCE
        return (commission.served, 0) if owed else (self._calls, commission.due)


def _one_each(commissions: list[Commission]) -> Iterator[Turn]:
    """Yield the first painting of each commission, then the second of each that has one, and so on."""
    columns = ([(commission, painting) for painting in commission.paintings()] for commission in commissions)
    return (turn for row in zip_longest(*columns) for turn in row if turn is not None)
