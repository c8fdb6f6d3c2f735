"""Where a family's pictures stand when it is drawn."""

import random
from itertools import combinations

from bot.pedigree import WIDE, Pedigree, arrange
from db.lineage import Line


def drawn(*lines: str) -> Pedigree:
    """Arrange a family by lines such as "a>b"."""
    pairs = [line.split(">") for line in lines]
    ids = list(dict.fromkeys(name for pair in pairs for name in pair))
    return arrange(ids, [Line(parent, child, "vary") for parent, child in pairs])


def test_parents_stand_above_their_children_and_in_their_middle() -> None:
    family = drawn("a>b", "a>c", "b>d")
    places = family.places

    assert [places[name][1] for name in "abcd"] == [0, 1, 1, 2]
    assert min(places["b"][0], places["c"][0]) < places["a"][0] < max(places["b"][0], places["c"][0])
    assert list(places) == sorted(places, key=lambda name: (places[name][1], places[name][0]))


def test_another_parent_of_a_child_stands_right_above_it() -> None:
    family = drawn("a>b", "b>c", "c>d", "x>d")

    assert family.places["x"][1] == family.places["c"][1] == 2


def test_many_children_stand_in_several_rows() -> None:
    family = drawn(*(f"a>{number}" for number in range(14)))
    rows = [row for _, row in family.places.values()]

    assert max(rows.count(row) for row in set(rows)) <= WIDE
    assert family.height == 4


def test_nothing_overlaps_and_every_line_leads_down() -> None:
    dice = random.Random(4)
    for _ in range(50):
        names = [f"{number:02}" for number in range(dice.randint(2, 24))]
        lines = [f"{dice.choice(names[:place])}>{names[place]}" for place in range(1, len(names))]
        lines += [
            f"{names[0]}>{names[-1]}",
            *(f"{names[place - 1]}>{names[place]}" for place in range(2, len(names), 3)),
        ]
        family = drawn(*lines)
        for (x, row), (other_x, other_row) in combinations(family.places.values(), 2):
            assert row != other_row or abs(x - other_x) > 0.99
        for way in family.ways:
            assert [row for _, row in way] == list(range(way[0][1], way[-1][1] + 1))
        assert all(-1e-9 <= x <= family.width - 1 + 1e-9 for x, _ in family.places.values())
