"""What is counted of jobs and their attempts."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from jobs_kit import request
from samples import job

from config.words import UserError
from db.base import utc_now
from inference.protocol import Done
from jobs.attempt import Drawn, GivenUp, Lost, NoRoom, Outcome, Refused, Running, Stop, Unkept
from jobs.finish import Finished
from jobs.place import Place, Reason
from jobs.tally import OUTCOMES, Tally
from observing.metrics import DIRECT, Metrics

PLACE = Place(0, 0, 0.0, 1.0, Reason.NEXT)
ERROR = UserError("jobs.failed_inside")
DRAWN = Drawn(request(), Done(attempt_id="1:1", pictures=(), seconds=3.0), Finished([]))


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def tally(metrics: Metrics) -> Tally:
    return Tally(metrics)


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_a_job_waits_from_its_commit_to_its_first_start_and_begins_once(tally: Tally, metrics: Metrics) -> None:
    waited = replace(job(), id=1, attempts=0, created_at=utc_now() - timedelta(seconds=40))
    tally.queued(waited, PLACE)
    for _ in range(3):  # one over three checkpoints begins with each
        tally.started(waited)

    assert value(metrics, "imagine_wait_seconds_count") == 1
    assert value(metrics, "imagine_wait_seconds_sum") == pytest.approx(40, abs=5)


def test_a_job_that_was_tried_before_and_one_that_was_taken_back_have_no_wait(tally: Tally, metrics: Metrics) -> None:
    tried, taken_back = replace(job(), id=1, attempts=1), replace(job(), id=2, attempts=0)
    for each in (tried, taken_back):
        tally.queued(each, PLACE)
    tally.ended(taken_back)
    for each in (tried, taken_back):
        tally.started(each)

    assert value(metrics, "imagine_wait_seconds_count") == 0


@pytest.mark.parametrize(
    ("outcome", "stop", "told", "seconds"),
    [
        (DRAWN, None, "drawn", 3.0),
        (DRAWN, Stop.LATE, "drawn", 3.0),  # it came just in time
        (DRAWN, Stop.CANCELLED, "cancelled", 2.0),  # and nobody wanted it
        (Lost(), Stop.CANCELLED, "cancelled", 2.0),
        (Lost(), Stop.DRAINED, "drained", 2.0),
        (GivenUp(ERROR), Stop.LATE, "late", 2.0),
        (GivenUp(ERROR), None, "given up", 2.0),
        (Refused(ERROR), None, "refused", 2.0),
        (NoRoom(), None, "no room", 2.0),
        (Lost(), None, "lost", 2.0),
        (Unkept(), None, "not kept", 2.0),
    ],
)
def test_an_attempt_is_counted_by_what_it_came_to_with_the_time_it_had(
    tally: Tally, metrics: Metrics, outcome: Outcome, stop: Stop | None, told: str, seconds: float
) -> None:
    running = Running(replace(job(), cost=8.0, guild_id=None), "w0", progress=0.25, stop=stop)
    tally.settled(running, outcome)

    assert value(metrics, "imagine_attempts_total", outcome=told) == 1
    assert value(metrics, "imagine_gpu_seconds_total", guild=DIRECT) == seconds


def test_every_outcome_has_a_name_to_be_counted_by() -> None:
    assert OUTCOMES.keys() == set(get_args(Outcome))


def test_attempts_are_counted_from_zero(tally: Tally, metrics: Metrics) -> None:
    assert {value(metrics, "imagine_attempts_total", outcome=each) for each in ("drawn", "lost", "late")} == {0}
