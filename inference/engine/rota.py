"""Whose turn it is: who has the least left goes first, and who waits comes nearer with every turn of others."""

from collections.abc import Callable, Iterator
from itertools import zip_longest

from inference.engine.commission import Commission
from inference.engine.loading import Model
from inference.engine.painting import Painting
from inference.engine.rows import Shape

Turn = tuple[Commission, Painting]
Room = Callable[[Model, Shape], int]


class Rota:
    """The commissions that are in the making, in the order in which they came.

    Steps left, less turns waited: of equals the first to come is drawn to its end, a short one overtakes a long one,
    and nothing waits for more turns than it has steps more than others.
    """

    def __init__(self) -> None:
        self.commissions: list[Commission] = []

    def choose(self, room: Room) -> list[Turn]:
        """Return who takes a step now: the first, and of its checkpoint and shape whom there is room for beside it.

        `room` is in rows.
        """
        line = sorted(self.commissions, key=lambda commission: commission.left - commission.waited)
        first = next(line[0].paintings())
        free = room(line[0].model, first.shape) - first.row_count
        turns = [(line[0], first)]
        for commission, painting in _one_each([each for each in line if each.model is line[0].model]):
            if painting is not first and painting.shape == first.shape and painting.row_count <= free:
                turns.append((commission, painting))
                free -= painting.row_count
        return turns

    def note(self, turns: list[Turn]) -> None:
        """Take note of whose turn it was."""
        served = {commission.id for commission, _ in turns}
        for commission in self.commissions:
            commission.waited += commission.id not in served


def _one_each(commissions: list[Commission]) -> Iterator[Turn]:
    """Yield the first painting of each commission, then the second of each that has one, and so on."""
    columns = ([(commission, painting) for painting in commission.paintings()] for commission in commissions)
    return (turn for row in zip_longest(*columns) for turn in row if turn is not None)
