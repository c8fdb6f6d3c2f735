"""What requests cost where cards of several kinds draw."""

import pytest
from jobs_kit import request

from jobs.cost import CostModel
from jobs.costs import Costs, kind_of

FAST, SLOW = "fast", "slow"


@pytest.fixture
def costs() -> Costs:
    costs = Costs()
    for _ in range(3):
        costs.observe(request(), 2.0, FAST)
        costs.observe(request(), 8.0, SLOW)
    return costs


def test_each_kind_of_card_has_a_speed_of_its_own(costs: Costs) -> None:
    assert costs.estimate(request(), [FAST]) == pytest.approx(2.0)
    assert costs.estimate(request(), [SLOW, SLOW]) == pytest.approx(8.0)


def test_together_they_take_what_a_line_of_jobs_shows(costs: Costs) -> None:
    workers = [FAST, FAST, SLOW]
    jobs, free = 3_000, dict.fromkeys(range(len(workers)), 0.0)
    for _ in range(jobs):  # whoever is free takes the next
        worker = min(free, key=lambda each: free[each])
        free[worker] += 2.0 if workers[worker] == FAST else 8.0
    took = max(free.values())

    assert jobs * costs.estimate(request(), workers) / len(workers) == pytest.approx(took, rel=0.01)


def test_a_kind_of_which_nothing_is_known_is_left_out(costs: Costs) -> None:
    assert costs.estimate(request(), [FAST, "new"]) == pytest.approx(2.0)
    assert costs.estimate(request(), ["new"]) == CostModel().estimate(request())
    assert not costs.knows("demo", "new")


def test_while_no_worker_is_there_the_latest_is_believed(costs: Costs) -> None:
    assert costs.estimate(request(), []) == pytest.approx(8.0)


def test_little_memory_makes_another_kind_of_a_card() -> None:
    card = {"device": "a card", "torch": "2.13"}

    assert kind_of(card) == "a card"
    assert kind_of(card | {"memory": "low"}) != kind_of(card)
