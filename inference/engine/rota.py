"""Whose turn it is: everybody is due as many calls after they came as they have steps; who is due first goes first."""

from collections.abc import Callable, Iterator
from itertools import zip_longest

from inference.engine.commission import Commission
from inference.engine.loading import Model
from inference.engine.painting import Painting
from inference.engine.rows import Shape

Turn = tuple[Commission, Painting]
Room = Callable[[Model, Shape], int]


class Rota:
    """The commissions in the making.

    Of equals the first to come is drawn to its end, and a short one overtakes a long one. A commission of so many steps
    is overtaken only by shorter ones that come within as many calls, so nobody waits for ever.
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
        self.commissions.append(commission)

    def first(self) -> Commission:
        """Return the commission that is due first."""
        return min(self.waiting, key=_due)

    def choose(self, room: Room) -> list[Turn]:
        """Return who takes a step now: the first, and of its checkpoint and shape whom there is room for beside it.

        `room` is in rows.
        """
        self._calls += 1
        line = sorted(self.waiting, key=_due)
        first = next(line[0].paintings())
        free = room(line[0].model, first.shape) - first.row_count
        turns = [(line[0], first)]
        for commission, painting in _one_each([each for each in line if each.model is line[0].model]):
            if painting is not first and painting.shape == first.shape and painting.row_count <= free:
                turns.append((commission, painting))
                free -= painting.row_count
        return turns


def _due(commission: Commission) -> int:
    return commission.due


def _one_each(commissions: list[Commission]) -> Iterator[Turn]:
    """Yield the first painting of each commission, then the second of each that has one, and so on."""
    columns = ([(commission, painting) for painting in commission.paintings()] for commission in commissions)
    return (turn for row in zip_longest(*columns) for turn in row if turn is not None)
