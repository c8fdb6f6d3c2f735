"""Whose turn it is, with attempts that are nothing but a number of steps in a bucket."""

from collections import deque
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from inference.engine.rota import PATIENCE, Rota
from inference.engine.rows import Shape

LANES = 6
ROOM = 4


@dataclass(eq=False)
class Steps:
    """A painting of which only the size is known."""

    left: int
    shape: Shape
    row_count: int


@dataclass(eq=False)
class Somebody:
    """An attempt of such paintings."""

    model: str
    all: list[Steps]
    due: int = 0
    served: int = 0
    passed_by: int = 0  #: calls since its last step
    longest: int = 0

    @property
    def left(self) -> int:
        return sum(each.left for each in self.all)

    def paintings(self) -> Any:
        return (each for each in self.all if each.left)


def somebody(steps: int = 10, side: int = 64, rows: int = 2, pictures: int = 1, model: str = "tiny") -> Somebody:
    return Somebody(model, [Steps(steps, Shape(side, side, 77), rows) for _ in range(pictures)])


def take_turns(rota: Rota, room: int = ROOM) -> list[Somebody]:
    """Make a call; return those who took a step in it."""
    turns: Any = rota.choose(lambda *_: room)
    assert len({(each.model, painting.shape) for each, painting in turns}) == 1
    assert len({id(painting) for _, painting in turns}) == len(turns)
    assert sum(painting.row_count for _, painting in turns) <= max(room, turns[0][1].row_count)
    for each in rota.commissions:
        each.passed_by += 1
        each.longest = max(each.longest, each.passed_by - 1)
    for each, painting in turns:
        painting.left -= 1
        each.passed_by = 0
    rota.commissions = [each for each in rota.commissions if each.left]
    return [each for each, _ in turns]


arrivals = st.builds(
    somebody,
    steps=st.integers(1, 90),
    side=st.sampled_from([32, 64, 96]),
    rows=st.integers(1, 2),
    pictures=st.integers(1, 3),
    model=st.sampled_from(["tiny", "other"]),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), arrivals), min_size=1, max_size=16), st.sampled_from([0, 2, 4, 8]))
def test_nobody_waits_for_more_calls_than_is_said(coming: list[tuple[int, Somebody]], room: int) -> None:
    rota, line, everybody = Rota(), deque(coming), [each for _, each in coming]
    calls = 0
    while line or rota.commissions:
        while line and len(rota.commissions) < LANES and (calls >= line[0][0] or not rota.commissions):
            rota.add(line.popleft()[1])
            calls = 0
        take_turns(rota, room)
        calls += 1

    assert max(each.longest for each in everybody) <= PATIENCE + LANES - 1
    assert not any(each.left for each in everybody)


def test_a_bucket_that_many_short_ones_come_to_does_not_starve_another() -> None:
    rota, alone = Rota(), somebody(steps=3 * PATIENCE, side=96)
    rota.add(alone)
    calls = 0
    while alone.left:
        while len(rota.commissions) < LANES:
            rota.add(somebody(steps=1))
        take_turns(rota)
        calls += 1

    assert alone.longest == PATIENCE
    assert calls <= 7 * PATIENCE  # after three times as many it is due, and goes first


def test_turns_that_are_owed_are_taken_in_the_order_of_the_queue() -> None:
    rota = Rota()
    line = [somebody(steps=2 * PATIENCE - index, side=32 * (1 + index)) for index in range(4)]
    for each in line:
        rota.add(each)
    first = [take_turns(rota)[0] for _ in range(PATIENCE + 4)]

    assert first[:PATIENCE] == [line[3]] * PATIENCE  # who has the fewest steps
    assert first[PATIENCE : PATIENCE + 3] == line[:3]


def test_of_equals_the_first_to_come_is_drawn_to_its_end() -> None:
    rota = Rota()
    first, second = somebody(steps=5, side=64), somebody(steps=5, side=32)
    rota.add(first)
    rota.add(second)

    assert [take_turns(rota)[0] for _ in range(10)] == [first] * 5 + [second] * 5


def test_whoever_fits_in_goes_along() -> None:
    rota = Rota()
    here, beside, elsewhere = somebody(steps=3), somebody(steps=9), somebody(steps=4, side=96)
    for each in (here, beside, elsewhere):
        rota.add(each)

    assert take_turns(rota) == [here, beside]
