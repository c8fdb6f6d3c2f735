"""Where one stands, when it will be, and why."""

from dataclasses import replace

import pytest
from samples import job

from db.tables.job import Job
from inference.executor import WorkerInfo, WorkerState
from jobs.attempt import Running
from jobs.forecast import ENOUGH, Forecasts
from jobs.place import Place, Reason, Situation

ADA, BEN, CARL = 11, 12, 13


def waits(number: int, user: int, cost: float = 2.0) -> Job:
    return replace(job(), id=number, user_id=user, cost=cost)


def situation(*running: Job, workers: int = 1, lanes: int = 1) -> Situation:
    """Return how things stand where the running jobs are on the first worker, and each worker has so many lanes."""
    names = [f"w{number}" for number in range(workers)]
    ready = [
        WorkerInfo(
            id=name,
            state=WorkerState.READY,
            device="cpu",
            lanes_free=lanes - len(running) * (name == "w0"),
            fingerprint={},
        )
        for name in names
    ]
    return Situation.now({each.id: Running(each, "w0", begun=True) for each in running}, ready, None)


def test_everybody_is_told_how_many_come_first_how_long_it_takes_and_why() -> None:
    line = [waits(2, BEN), waits(3, ADA), waits(4, ADA), waits(5, CARL, 4.0)]

    places = dict(situation(waits(1, ADA, 6.0)).of_waiting(line))

    assert places[2] == Place(1, 0, 6.0, 8.0, Reason.NEXT)
    assert places[3] == Place(2, 1, 8.0, 10.0, Reason.OTHERS)
    assert places[4] == Place(3, 1, 10.0, 12.0, Reason.OTHERS)
    assert places[5] == Place(4, 2, 12.0, 16.0, Reason.OTHERS)


def test_who_waits_for_themselves_or_for_a_worker_is_told_so() -> None:
    line = [waits(1, ADA), waits(2, ADA)]

    assert [place.reason for _, place in situation().of_waiting(line)] == [Reason.NEXT, Reason.OWN]
    assert {place.reason for _, place in situation(workers=0).of_waiting(line)} == {Reason.NO_WORKER}


def test_more_workers_make_it_shorter() -> None:
    line = [waits(number, BEN) for number in range(10, 14)]

    alone, together = (situation(workers=workers).after(line, ADA, 2.0) for workers in (1, 4))

    assert (alone.begins, together.begins) == (8.0, 2.0)


def test_who_shares_a_worker_begins_at_once_and_waits_for_what_is_done_sooner() -> None:
    short, long = waits(1, BEN, 2.0), waits(2, CARL, 9.0)
    shared = situation(short, long, lanes=4)

    assert shared.after([], ADA, 3.0) == Place(0, 0, 0.0, 14.0, Reason.NEXT)
    assert shared.of_running(1).seconds == 2.0
    assert shared.of_running(2).seconds == 11.0
    assert situation(short, workers=2).after([], ADA, 3.0).seconds == 3.0


def test_a_job_that_is_only_thought_of_stands_where_it_would_stand() -> None:
    line = [waits(1, ADA), waits(2, BEN)]
    standing = dict(situation().of_waiting([*line, waits(3, ADA, 5.0)]))[3]

    assert situation().after(line, ADA, 5.0) == standing


def test_expectations_are_doubted_by_how_wrong_they_were() -> None:
    forecasts = Forecasts([(10.0, 10.0 * factor) for factor in (1.0, 1.1, 1.2, 1.3, 3.0)])

    assert forecasts.doubt == pytest.approx(0.2)
    for _ in range(60):
        forecasts.observe(10.0, 5.0)
    assert forecasts.doubt == pytest.approx(0.5)


def test_of_too_few_expectations_nothing_is_said() -> None:
    assert Forecasts([(1.0, 9.0)] * (ENOUGH - 1)).doubt is None
    assert Forecasts([(0.0, 0.5)] * ENOUGH).doubt == pytest.approx(0.5)
