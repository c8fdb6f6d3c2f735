"""The order of service: fair between guilds, between users, and over time."""

from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.fair_share import FairShare
from jobs.share import Entry, Path

COST = st.floats(0.5, 8.0).map(lambda cost: round(cost, 2))
TOLERANCE = 1e-6


def dispatch(line: FairShare, count: int) -> list[int]:
    """Claim `count` jobs and return their ids."""
    return [entry.job for entry in (line.claim() for _ in range(count)) if entry is not None]


def flood(line: FairShare, jobs: Iterable[int], user: str, *, guild: str = "g", cost: float = 1.0) -> None:
    for job in jobs:
        line.submit(job, (guild, user), cost)


@given(costs=st.lists(COST, min_size=1, max_size=30))
def test_a_lone_user_is_served_first_in_first_out(costs: list[float]) -> None:
    line = FairShare()
    for job, cost in enumerate(costs):
        line.submit(job, ("g", "ada"), cost)

    assert dispatch(line, len(costs)) == list(range(len(costs)))


def test_two_users_of_equal_weight_take_turns_however_much_one_of_them_asked_first() -> None:
    line = FairShare()
    flood(line, range(100), "flooder")
    flood(line, range(100, 103), "ada")

    assert [job for job in dispatch(line, 6) if job >= 100] == [100, 101, 102]


@given(st.integers(1, 40))
def test_the_size_of_a_flood_does_not_change_when_a_light_user_is_served(extra: int) -> None:
    def served(size: int) -> list[int]:
        line = FairShare()
        flood(line, range(1_000, 1_000 + size), "flooder", cost=3.0)
        dispatch(line, 2)
        flood(line, [1, 2, 3], "ada")
        return dispatch(line, 8)

    assert served(10) == served(10 + extra) == served(2_000)


@given(
    first=st.lists(COST, min_size=40, max_size=40),
    second=st.lists(COST, min_size=40, max_size=40),
    weights=st.tuples(st.sampled_from([0.5, 1.0, 2.0]), st.sampled_from([0.5, 1.0, 2.0])),
    rounds=st.integers(1, 40),
)
def test_the_backlogged_never_drift_further_apart_than_one_job_each(
    first: list[float], second: list[float], weights: tuple[float, float], rounds: int
) -> None:
    line, cost_of = FairShare(), {}
    for user, costs in enumerate((first, second)):
        for number, cost in enumerate(costs):
            cost_of[user * 100 + number] = cost
            line.submit(user * 100 + number, ("g", user), cost, weight=weights[user])
    served = [0.0, 0.0]
    for job in dispatch(line, rounds):
        served[job // 100] += cost_of[job]

    shares = [served[user] / weights[user] for user in (0, 1)]
    bound = max(first) / weights[0] + max(second) / weights[1]
    assert abs(shares[0] - shares[1]) <= bound + TOLERANCE


def test_who_was_away_has_saved_nothing_up() -> None:
    line = FairShare()
    flood(line, [1], "ada")
    flood(line, range(100, 150), "ben")
    dispatch(line, 30)
    flood(line, range(2, 12), "ada")

    assert sum(job < 100 for job in dispatch(line, 10)) == 5


def test_guilds_share_before_their_members_do() -> None:
    line = FairShare()
    for user in range(5):
        flood(line, range(user * 10, user * 10 + 10), f"user {user}", guild="large")
    flood(line, range(100, 110), "ada", guild="small")

    assert sum(job >= 100 for job in dispatch(line, 10)) == 5


def test_using_an_idle_machine_leaves_no_debt() -> None:
    line = FairShare()
    flood(line, range(50), "ada")
    dispatch(line, 50)
    flood(line, [50, 51], "ada")
    flood(line, [100, 101], "ben")

    assert dispatch(line, 4) == [100, 50, 101, 51]  # a tie, which goes to who was never served


def test_a_cancelled_job_costs_nothing() -> None:
    line = FairShare()
    flood(line, [1, 2, 3], "ada")

    assert line.cancel(2)
    assert not line.cancel(2)
    assert dispatch(line, 3) == [1, 3]


def test_a_job_put_back_comes_first_of_its_owners_and_is_not_charged_twice() -> None:
    line = FairShare()
    flood(line, [1, 2], "ada", cost=4.0)
    flood(line, [11, 12], "ben", cost=4.0)
    lost = line.claim()
    assert lost is not None
    line.put_back(lost.job, lost.path, lost.cost)

    assert dispatch(line, 4) == [11, 1, 12, 2]  # charged twice, ada would be served last


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), COST), min_size=1, max_size=40))
def test_looking_ahead_tells_the_order_and_changes_nothing(jobs: list[tuple[int, int, float]]) -> None:
    line = FairShare()
    for job, (guild, user, cost) in enumerate(jobs):
        line.submit(job, (guild, user), cost)
    foretold = [entry.job for entry in line.order()]

    assert dispatch(line, len(jobs)) == foretold
    assert len(line) == 0
    assert line.claim() is None


@pytest.mark.parametrize("order", [sorted, lambda jobs: sorted(jobs, reverse=True)])
def test_the_same_calls_give_the_same_order(order: Callable[[Iterable[int]], list[int]]) -> None:
    def served() -> list[int]:
        line = FairShare()
        for job in order(range(30)):
            line.submit(job, (job % 3, job % 7), 1 + job % 4)
        return dispatch(line, 30)

    assert served() == served()


@pytest.mark.parametrize("cost", [float("nan"), float("inf"), -1.0])
def test_a_charge_that_would_upset_the_order_is_not_taken(cost: float) -> None:
    line = FairShare()
    with pytest.raises(AssertionError):
        line.submit(1, ("g", "ada"), cost)

    assert len(line) == 0


#: often alike, so that turns are a tie, or free
COST_OF_MANY = st.sampled_from([0.0, 1.0, 2.0]) | COST
WHO = st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 1))
WHAT = st.sampled_from(["submit", "submit", "claim", "cancel", "put back", "refund"])
STEPS_OF_PEOPLE = st.lists(st.tuples(WHAT, WHO, COST_OF_MANY), max_size=40)


def go_on(line: FairShare, steps: list[tuple[str, Path, float]], lost: list[Entry]) -> Iterator[None]:
    """Do the steps, one for each time that this is asked for more; `lost` is what was claimed and may come back."""
    for job, (kind, path, cost) in enumerate(steps):
        if kind == "submit":
            line.submit(job, path, cost, weight=1.0 + job % 3)
        elif kind == "claim" and (taken := line.claim()) is not None:
            lost.append(taken)
        elif kind == "cancel":
            line.cancel(job // 2)
        elif kind == "put back" and lost:
            back = lost.pop()
            line.put_back(back.job, back.path, back.cost, weight=back.weight)
        elif kind == "refund":
            line.refund(path, cost)
        yield


@settings(max_examples=150, deadline=None)
@given(STEPS_OF_PEOPLE, WHO, COST_OF_MANY, st.integers(1, 3), st.integers(-1, 0))
def test_what_would_be_ahead_is_what_is_ahead_once_the_job_is_there_and_the_question_changes_nothing(
    steps: list[tuple[str, Path, float]], newcomer: Path, cost: float, depth: int, weighted: int
) -> None:
    asked, never_asked = FairShare(weighted), FairShare(weighted)
    steps, newcomer = [(kind, path[:depth], each) for kind, path, each in steps], newcomer[:depth]
    for _ in zip(go_on(asked, steps, []), go_on(never_asked, steps, []), strict=True):
        asked.ahead_of(newcomer, cost, weight=3.0)
    foreseen = asked.ahead_of(newcomer, cost)

    assert set(asked.changed()) == set(never_asked.changed())
    assert list(asked.order()) == list(never_asked.order())
    asked.submit(1_000, newcomer, cost)
    order = [entry.job for entry in asked.order()]
    assert sorted(entry.job for entry in foreseen) == sorted(order[: order.index(1_000)])


@settings(max_examples=60, deadline=None)
@given(STEPS_OF_PEOPLE, WHO, st.integers(1, 3), st.floats(0, 60))
def test_who_asks_as_far_as_a_horizon_learns_all_within_it_or_that_there_is_more(
    steps: list[tuple[str, Path, float]], newcomer: Path, depth: int, horizon: float
) -> None:
    line = FairShare()
    list(go_on(line, [(kind, path[:depth], cost) for kind, path, cost in steps], []))
    everything = line.ahead_of(newcomer[:depth], 1.0)
    within = line.ahead_of(newcomer[:depth], 1.0, horizon=horizon)

    assert set(within) <= set(everything)
    if sum(entry.cost for entry in everything) > horizon + 1e-6:
        assert sum(entry.cost for entry in within) > horizon - 1e-6
    elif sum(entry.cost for entry in everything) < horizon - 1e-6:
        assert len(within) == len(everything)


@pytest.mark.parametrize("guilds", [1, 20])
def test_who_asks_as_far_as_a_horizon_is_not_told_of_all_beyond_it(guilds: int) -> None:
    line = FairShare()
    for job in range(20_000):
        line.submit(job, (job % guilds, job % 100), 1.0)

    assert len(line.ahead_of((0, 0), 1.0)) > 19_000
    assert 60 < len(line.ahead_of((0, 0), 1.0, horizon=60.0)) < 300


def test_who_is_not_remembered_has_just_come() -> None:
    before = FairShare()
    flood(before, range(5), "ada", cost=4.0)
    dispatch(before, 3)
    remembered = [standing for standing in before.changed() if standing.path != ("g", "ben")]
    waiting = [Entry(3, ("g", "ada"), 4.0), Entry(4, ("g", "ada"), 4.0), *(Entry(n, ("g", "ben"), 1.0) for n in (5, 6))]

    line = FairShare.restored(remembered, waiting)

    assert dispatch(line, 4) == [5, 6, 3, 4]
    assert line.claim_beside(lambda _: True, 1.0) is None


def test_strangers_are_served_in_the_order_of_their_jobs() -> None:
    line = FairShare.restored([], [Entry(job, ("g", f"user {job}"), 1.0) for job in range(5)])

    assert [entry.job for entry in [line.claim_beside(lambda _: True, 1.0) for _ in range(5)] if entry] == [
        0,
        1,
        2,
        3,
        4,
    ]


def test_a_flood_of_ten_thousand_changes_no_turn_either() -> None:
    def served(size: int) -> list[str]:
        line = FairShare()
        flood(line, range(size), "flooder", cost=8.0)
        dispatch(line, 3)
        flood(line, range(100_000, 100_020), "light")
        return [str(entry.path[-1]) for entry in (line.claim() for _ in range(40)) if entry is not None]

    assert served(100) == served(10_000)


def test_a_weight_that_changes_gives_nobody_credit() -> None:
    line = FairShare()
    line.submit(1, ("g", "ada"), 6.0, weight=3.0)
    line.submit(2, ("g", "ada"), 6.0, weight=1.0)
    line.submit(3, ("g", "ben"), 6.0)
    dispatch(line, 1)
    line.refund(("g", "ada"), 6.0, weight=3.0)

    assert {standing.path: standing.tag for standing in line.changed()}[("g", "ada")] == 0.0


def test_weights_apply_to_the_level_that_is_named() -> None:
    line = FairShare(weighted=0)
    for job in range(12):
        line.submit(job, ("ada", "g"), 1.0, weight=2.0)
        line.submit(100 + job, ("ben", "g"), 1.0)

    first = dispatch(line, 9)
    assert sum(job < 100 for job in first) == 6


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["submit", "claim", "beside", "cancel", "refund", "put back", "look"]),
            st.integers(0, 2),
            st.integers(0, 3),
        ),
        max_size=40,
    )
)
def test_what_was_foretold_once_is_not_believed_after_a_change(steps: list[tuple[str, int, int]]) -> None:
    line, served = FairShare(), list[Entry]()
    for job, (kind, guild, user) in enumerate(steps):
        if kind == "submit":
            line.submit(job, (guild, user), 1.0 + user)
        elif kind in ("claim", "beside"):
            taken = line.claim() if kind == "claim" else line.claim_beside(lambda entry: entry.job % 3 == 0, 4.0)
            served += [taken] if taken is not None else []
        elif kind == "cancel":
            line.cancel(guild * 4 + user)
        elif kind == "refund":
            line.refund((guild, user), 2.0)
        elif kind == "put back" and served:
            lost = served.pop(user % len(served))
            line.put_back(lost.job, lost.path, lost.cost)
        list(zip(line.order(), range(guild + user), strict=False))  # as far as somebody happens to ask
    foretold = list(line.order())

    assert [line.claim() for _ in foretold] == foretold


@pytest.mark.parametrize("forgotten", [True, False])
def test_who_comes_back_from_behind_is_served_as_a_newcomer_is(forgotten: bool) -> None:
    line = FairShare()
    flood(line, [1, 2], "ada", cost=4.0)
    flood(line, [11, 12], "ben", cost=4.0)
    flood(line, range(21, 30), "carl")
    flood(line, [31], "mia")
    dispatch(line, 8)  # all who wait stand at 4 now, and mia, who has nothing waiting, at 1
    if forgotten:
        assert line.forget() == [("g", "mia")]
    flood(line, [32], "mia")

    assert dispatch(line, 3) == [32, 12, 25]


def test_the_lead_is_what_one_who_waits_was_served_more_than_who_is_due() -> None:
    line = FairShare()
    assert line.lead() == 0
    flood(line, [1, 2], "ada", guild="a", cost=8.0)
    flood(line, [3, 4], "ben", guild="b", cost=3.0)
    dispatch(line, 2)  # one of each
    assert line.lead() == 8
    dispatch(line, 1)  # b's second, as it had less
    assert line.lead() == 5
    dispatch(line, 1)
    assert line.lead() == 0
