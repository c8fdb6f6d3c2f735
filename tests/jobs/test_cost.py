"""What requests are expected to cost."""

import math

import pytest
from jobs_kit import request

from jobs.cost import CostModel


def test_an_estimate_follows_what_requests_took() -> None:
    model = CostModel()
    model.observe(request(), 8.0)

    assert model.estimate(request()) == pytest.approx(8.0)
    assert model.estimate(request(count=3)) == pytest.approx(24.0)


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf, -1.0, 0.0])
def test_nothing_is_learnt_from_a_time_that_cannot_be(seconds: float) -> None:
    model = CostModel()
    model.observe(request(), 8.0)
    model.observe(request(), seconds)

    assert model.estimate(request()) == pytest.approx(8.0)
