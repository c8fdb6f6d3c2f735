"""The simulated day: what must hold of it whatever the figures are, and that it would be noticed if it did not."""

from collections import defaultdict
from itertools import pairwise
from math import inf

import numpy as np
import pytest

from benchmarks._community import Community, Day
from benchmarks._fleet import Fleet, Outcome, Served
from benchmarks.simulation import ORDERS, Order, figures_of, jain, served_by, spans_waited
from config.settings import load_settings
from jobs.fair_share import FairShare
from jobs.placement import Placement
from jobs.share import Entry

SMALL = Community(guilds=120, hours=2.5, people_most=40, events=5, flooders=2, flood_requests=60, requests_median=15.0)
GPUS = 2


@pytest.fixture(scope="module", params=ORDERS.values(), ids=ORDERS)
def day(request: pytest.FixtureRequest) -> Outcome:
    order: Order = request.param
    return served_by(SMALL, Day(SMALL).sessions(), GPUS, order)


def check_each_is_served_once(day: Outcome) -> None:
    by_gpu = defaultdict[str, list[Served]](list)
    for each in day.served:
        assert each.asked <= each.begun < each.ended
        by_gpu[each.gpu].append(each)
    assert sum(map(len, by_gpu.values())) == len(day.served)
    for drawn in by_gpu.values():
        for one, other in pairwise(sorted(drawn, key=lambda each: each.begun)):
            assert one.ended <= other.begun, "a GPU drew two at once"


def check_no_gpu_rests_while_somebody_waits(day: Outcome) -> None:
    asked, begun = (np.array([getattr(each, moment) for each in day.served]) for moment in ("asked", "begun"))
    for number in range(GPUS):
        drawn = sorted((each.begun, each.ended) for each in day.served if each.gpu == f"gpu:{number}")
        for (_, since), (until, _) in pairwise([(0.0, 0.0), *drawn, (inf, inf)]):
            assert not np.any(np.maximum(asked, since) < np.minimum(begun, until))


def test_each_job_is_served_once_and_no_gpu_draws_two_at_once(day: Outcome) -> None:
    assert len(day.served) > 500
    check_each_is_served_once(day)


def test_no_gpu_rests_while_somebody_waits(day: Outcome) -> None:
    check_no_gpu_rests_while_somebody_waits(day)


def test_nobody_has_more_open_than_the_limit(day: Outcome) -> None:
    limit, most = load_settings().limits.pending_per_user, 0
    for user in {each.user for each in day.served}:
        mine = [each for each in day.served if each.user == user]
        for one in mine:
            most = max(most, sum(each.pictures for each in mine if each.asked <= one.asked < each.ended))

    assert most == limit, "the flooders have as much as they may"


def test_what_takes_longer_than_there_is_time_for_makes_people_wait(day: Outcome) -> None:
    figures = figures_of(day, SMALL, GPUS)

    assert 0.3 < figures["utilisation"] <= 1
    assert figures["wait_s"]["max"] >= figures["wait_s"]["p99"] >= figures["wait_s"]["p50"] >= 0


class Sleepy(Fleet):
    """Never gives the second GPU anything while the first one draws."""

    def _claim(self, placement: Placement) -> Entry | None:
        return super()._claim(placement) if "gpu:0" in self._gpus.free else None


class Doubling(Fleet):
    """Forgets that a GPU is busy."""

    def _hand_out(self) -> bool:
        handed = super()._hand_out()
        for number in range(GPUS):
            self._gpus.give_back(f"gpu:{number}")
        return handed


def of_a(fleet: type[Fleet]) -> Outcome:
    settings = load_settings()
    limits = settings.limits.model_copy(update={"pending_in_all": 60})
    made = fleet(SMALL, gpus=GPUS, line=FairShare(), levels=("guild", "user"), slack=5.0, limits=limits)
    return made.run(Day(SMALL).sessions())


def test_a_gpu_that_rests_would_be_noticed() -> None:
    with pytest.raises(AssertionError):
        check_no_gpu_rests_while_somebody_waits(of_a(Sleepy))


def test_a_gpu_that_draws_two_at_once_would_be_noticed() -> None:
    with pytest.raises(AssertionError, match="two at once"):
        check_each_is_served_once(of_a(Doubling))


def test_the_same_seed_gives_the_same_day() -> None:
    first, again, other = Day(SMALL).sessions(), Day(SMALL).sessions(), Day(Community(guilds=120, seed=8)).sessions()

    assert first == again
    assert first != other


def test_only_who_waits_all_the_time_counts_as_a_rival() -> None:
    assert list(spans_waited(10.0, [(0, 6), (5, 10), (12, 25)])) == [0]
    assert list(spans_waited(10.0, [(0, 30)])) == [0, 1, 2]


def test_shares_that_are_equal_are_fair_and_others_are_not() -> None:
    def waits(owner: str, *seconds: float) -> list[tuple[tuple[str, ...], Served]]:
        return [((owner,), Served(0, 0, False, 1, 0.0, each, begun=9.9, ended=20.0)) for each in seconds]

    assert jain(10.0, [*waits("a", 2.0, 2.0), *waits("b", 4.0)]) == 1.0
    assert jain(10.0, [*waits("a", 9.0), *waits("b", 1.0)]) == pytest.approx(0.61, abs=0.01)
    assert jain(10.0, waits("a", 1.0)) is None
