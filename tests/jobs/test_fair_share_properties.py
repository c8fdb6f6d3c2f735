"""What the order of service guarantees, whatever people do; and that each test would notice if it did not."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from types import MappingProxyType
from typing import Any

import pytest
from broken_lines import (
    Clamped,
    Forgetful,
    Generous,
    LastInFirstOut,
    NeverTwice,
    Rash,
    StoppedClock,
    Unseated,
    WithoutLift,
    WithoutRefund,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from samples import job

from benchmarks._lines import FirstInFirstOut, RoundRobin
from db.tables.job import Job
from inference.executor import WorkerInfo, WorkerState
from inference.protocol import Loaded
from jobs.fair_share import FairShare, Standing
from jobs.originals import Originals
from jobs.placement import Placement, Waits, loaded_for
from jobs.share import Entry, Path, Share

TOLERANCE = 1e-6
LARGEST = 8.0
WEIGHTS = (0.5, 1.0, 2.0, 3.0)
Line = type[FairShare]

COSTS = st.integers(1, 16).map(lambda halves: halves / 2)
PEOPLE = st.tuples(st.integers(0, 2), st.integers(0, 3))
PROFILES = st.lists(st.sampled_from([0.5, 2.0, LARGEST]), min_size=4, max_size=4)  #: what each user's jobs cost
BURSTS = st.integers(1, 12)
Step = tuple[str, Any, Any]


def steps_of(
    *kinds: str, people: st.SearchStrategy[Path] = PEOPLE, lengths: st.SearchStrategy[int] = BURSTS
) -> st.SearchStrategy[list[Step]]:
    """Return bursts of jobs, claims and whatever else, by people of whom each is cheap or expensive throughout."""
    burst = st.tuples(st.sampled_from(["submit", "claim", *kinds]), people, lengths, st.integers(0, 99))
    return st.builds(spelled_out, PROFILES, st.lists(burst, min_size=5, max_size=30))


def spelled_out(costs: list[float], bursts: list[tuple[str, Path, int, int]]) -> list[Step]:
    steps: list[Step] = []
    for kind, person, length, lot in bursts:
        what = person if kind == "submit" else lot
        steps += [(kind, what, costs[int(person[1])])] * length  # type: ignore[call-overload]
    return steps


STEPS, STEPS_WITH_LOSSES = steps_of("cancel"), steps_of("cancel", "lose")
HAND_TO_MOUTH = steps_of("cancel", "lose", "end", lengths=st.integers(1, 2))  #: people often have nothing waiting
LONG_RUNS = steps_of("cancel", "lose", people=st.tuples(st.just(0), st.integers(0, 2)), lengths=st.integers(4, 24))
BIG_GUILDS = steps_of("cancel", people=st.tuples(st.integers(0, 2), st.just(1)), lengths=st.integers(4, 24))
LANES = 2
UNUSED = (1.0, 0.0, 0.5)  #: the part of each user's jobs that is given back


@dataclass
class House:
    """A line with its people, and what they were served."""

    line: FairShare
    waiting: dict[int, Entry] = field(default_factory=dict)
    running: list[Entry] = field(default_factory=list)
    served: dict[Path, float] = field(default_factory=lambda: defaultdict(float))
    largest: dict[Path, float] = field(default_factory=lambda: defaultdict(float))
    in_flight: dict[Path, float] = field(default_factory=lambda: defaultdict(float))
    most_in_flight: dict[Path, float] = field(default_factory=lambda: defaultdict(float))
    charged: float = 0.0
    jobs: int = 0

    def do(self, step: tuple[str, Any, Any]) -> Entry | None:
        kind, what, cost = step
        if kind == "submit":
            self.submit(what, cost)
        elif kind == "claim":
            return self.claim()
        elif kind == "cancel" and self.waiting:
            job = sorted(self.waiting)[what % len(self.waiting)]
            assert self.line.cancel(job)
            del self.waiting[job]
        elif kind == "lose" and self.running:
            self.lose(what % len(self.running))
        elif kind == "end" and self.running:
            self.end(what % len(self.running), (0.0, 0.5, 1.0)[what % 3])
        return None

    def submit(self, path: Path, cost: float) -> None:
        self.jobs += 1
        self.line.submit(self.jobs, path, cost, weight=weight_of(path))
        self.waiting[self.jobs] = Entry(self.jobs, path, cost, weight_of(path))
        for length in range(1, len(path) + 1):
            self.largest[path[:length]] = max(self.largest[path[:length]], cost)

    def claim(self, entry: Entry | None = None) -> Entry | None:
        entry = entry or self.line.claim()
        if entry is not None:
            del self.waiting[entry.job]
            self.running.append(entry)
            self.charged += entry.cost
            for length in range(1, len(entry.path) + 1):
                node = entry.path[:length]
                self.served[node] += entry.cost
                self.in_flight[node] += entry.cost
                self.most_in_flight[node] = max(self.most_in_flight[node], self.in_flight[node])
        return entry

    def lose(self, index: int) -> None:
        entry = self.land(index, 1.0)
        self.line.put_back(entry.job, entry.path, entry.cost, weight=weight_of(entry.path))
        self.waiting[entry.job] = entry

    def end(self, index: int, unused: float) -> None:
        entry = self.land(index, unused)
        self.line.refund(entry.path, entry.cost * unused, weight=weight_of(entry.path))

    def land(self, index: int, refunded: float) -> Entry:
        entry = self.running.pop(index)
        self.charged -= entry.cost * refunded
        for length in range(1, len(entry.path) + 1):
            self.in_flight[entry.path[:length]] -= entry.cost
            self.served[entry.path[:length]] -= entry.cost * refunded
        return entry

    def backlogged(self) -> set[Path]:
        return {entry.path[:length] for entry in self.waiting.values() for length in range(1, len(entry.path) + 1)}


class Workshop:
    """Three workers, of whom one restarts for ever: it alone may draw what the `choosy` guild asks for."""

    def __init__(self, slack: float, choosy: Hashable = None) -> None:
        self.slack = slack
        self.holds: dict[str, set[Loaded]] = {"a": {("0", ())}, "b": {("1", ())}}
        self.busy: dict[int, str] = {}
        self.originals = OriginalsOf(choosy)

    def do(self, house: House, step: tuple[str, Any, Any]) -> Entry | None:
        if step[0] != "claim":
            return house.do(step)
        if len(house.running) == len(self.holds):
            del self.busy[house.running[0].job]
            house.end(0, 0.0)
        placement = self.placement()
        entry = house.line.claim_beside(
            lambda entry: placement.is_warm(job_of(entry)),
            self.slack,
            lambda entry: placement.where(job_of(entry)) is not None,
        )
        return None if entry is None else self.begin(house, entry, placement.where(job_of(entry)))

    def begin(self, house: House, entry: Entry, worker: str | None) -> Entry | None:
        assert worker is not None
        self.busy[entry.job] = worker
        self.holds[worker] = {loaded_for(job_of(entry))}
        return house.claim(entry)

    def placement(self) -> Placement:
        return Placement(
            candidates=[*map(a_worker, self.holds), a_worker("c", WorkerState.RESTARTING, "another")],
            free=[a_worker(name) for name in self.holds if name not in self.busy.values()],
            holds=self.holds,
            failed={},
            memory={},
            originals=self.originals,
            waits=Waits(lambda: 0.0),
        )


class OriginalsOf(Originals):
    """Knows that one guild asks for nothing but what another card has drawn."""

    def __init__(self, guild: Hashable) -> None:
        self.guild = guild

    def of(self, job: Job) -> Mapping[str, str]:
        return {"card": "another"} if job.guild_id == self.guild else {}


JOB = job()


def job_of(entry: Entry) -> Job:
    """Return a job of the table for one of the line; three checkpoints are asked for."""
    return replace(JOB, id=entry.job, guild_id=entry.path[0], request={"checkpoint": str(entry.job % 3)})


def a_worker(name: str, state: WorkerState = WorkerState.READY, card: str = "one") -> WorkerInfo:
    return WorkerInfo(id=name, state=state, device="cpu", lanes_free=1, fingerprint={"card": card})


def weight_of(path: Path) -> float:
    """Return a weight that differs between people; guilds have 1."""
    return WEIGHTS[int(path[-1]) % len(WEIGHTS)] if len(path) == 2 else 1.0  # type: ignore[call-overload]


def drain(house: House) -> list[int]:
    """Claim all that waits and return the jobs in their order."""
    return [entry.job for entry in iter(house.claim, None)]


# The properties, of any line


def tags_stay_within_one_job_of_the_clock(line: Line, steps: list[Any]) -> None:
    house = House(line())
    clocks: dict[int, float] = {}
    for step in steps:
        house.do(step)
        for path, node in nodes(house.line._root):
            assert node.clock >= clocks.get(id(node), 0.0)
            clocks[id(node)] = node.clock
            for key, child in node.children.items():
                most = LARGEST / weight_of((*path, key))
                assert not child.pending or node.clock - TOLERANCE <= child.tag <= node.clock + most + TOLERANCE


def nodes(node: Share, path: Path = ()) -> Iterator[tuple[Path, Share]]:
    yield path, node
    for key, child in node.children.items():
        yield from nodes(child, (*path, key))


def the_backlogged_stay_within_one_job_each(line: Line, steps: list[Any]) -> None:
    watch(House(line()), steps, lambda house, step: house.do(step), slack=0.0)


def filling_a_batch_costs_nobody_more_than_the_slack(line: Line, steps: list[Any], slack: float) -> None:
    def fill(house: House, step: Any) -> Entry | None:
        if step[0] != "claim":
            return house.do(step)
        entry = house.line.claim_beside(lambda entry: entry.job % 3 == 0, slack)
        return house.claim(entry)

    watch(House(line()), steps, fill, slack)


def where_jobs_go_costs_nobody_more_than_the_slack(line: Line, steps: list[Any], slack: float) -> None:
    """Each worker goes on with the checkpoint that it has, and a free one that has the job's is preferred to others."""
    watch(House(line()), steps, Workshop(slack).do, slack)


def who_waits_for_a_certain_worker_is_at_nobodys_cost(line: Line, steps: list[Any], slack: float) -> None:
    """What the first guild asks for may be drawn by one worker alone, which does not come back."""
    watch(House(line()), steps, Workshop(slack, choosy=0).do, slack, besides=0)


def what_is_given_back_widens_the_bound_by_what_was_in_flight(line: Line, steps: list[Any]) -> None:
    """Served is here what was charged in the end, so that a refund counts when it is made."""

    def draw(house: House, step: Any) -> None:
        if step[0] == "claim" and len(house.running) == LANES:
            house.end(0, UNUSED[int(house.running[0].path[1])])  # type: ignore[call-overload]
        house.do(step)

    house = House(line())
    watch(house, steps, draw, slack=0.0, more=house.most_in_flight)


def watch(
    house: House,
    steps: list[Any],
    do: Callable[[House, Any], Any],
    slack: float,
    more: Mapping[Path, float] = MappingProxyType({}),
    besides: Hashable = None,
) -> None:
    """Do the steps and compare all pairs of siblings, one guild's excepted, as long as both of them have jobs."""
    since: dict[tuple[Path, Path], tuple[float, float]] = {}
    for step in steps:
        do(house, step)
        backlogged = house.backlogged()
        compared = sorted(path for path in backlogged if path[0] != besides)
        pairs = {(a, b) for a, b in combinations(compared, 2) if a[:-1] == b[:-1]}
        since = {pair: since.get(pair) or (house.served[pair[0]], house.served[pair[1]]) for pair in pairs}
        for pair, before in since.items():
            shares = [(house.served[one] - was) / weight_of(one) for one, was in zip(pair, before, strict=True)]
            bound = sum((house.largest[one] + more.get(one, 0.0)) / weight_of(one) for one in pair)
            assert abs(shares[0] - shares[1]) <= bound + 2 * slack + TOLERANCE


def no_lane_is_free_while_a_job_waits(line: Line, steps: list[Any]) -> None:
    house = House(line())
    for step in steps:
        waiting = bool(house.waiting)
        entry = house.do(step)
        assert step[0] != "claim" or waiting == (entry is not None)


def a_light_user_waits_no_longer_than_the_bound(
    line: Line, flood: int, guilds: int, mates: int, lanes: int, busy: int
) -> None:
    """Nobody but the mates in the newcomer's guild stands before them there: the flood's size is not in the bound."""
    house = House(line())
    for mate in range(mates):
        for _ in range(flood):
            house.submit((99, 2 + mate), LARGEST)
    for guild in range(guilds):
        for _ in range(flood):
            house.submit((guild, 1), LARGEST)
    free = [0.0] * lanes
    for _ in range(busy):
        step_of_time(house, free)
    now = min(free)
    house.submit((99, 1), 1.0)
    while (99, 1) not in {entry.path for entry in house.running}:
        begun = step_of_time(house, free)
    before = mates * LARGEST
    assert begun - now <= LARGEST + (before + guilds * (before + 2 * LARGEST)) / lanes + TOLERANCE


def step_of_time(house: House, free: list[float]) -> float:
    """Let the next free lane begin with the job that is due; return when it does."""
    lane = free.index(min(free))
    begun, entry = free[lane], house.claim()
    assert entry is not None
    free[lane] += entry.cost
    return begun


def the_order_does_not_depend_on_the_floods_size(line: Line, light: list[Any]) -> None:
    def served(flood: int) -> list[Path]:
        house = House(line())
        for _ in range(flood):
            house.submit((0, 1), LARGEST)
        for person, cost in light:
            house.claim()
            house.submit((1 + person[0], person[1]), cost)
        order: list[Path] = []
        while len(order) < 150 and any(path[0] for path in house.backlogged()):  # until all but the flood is served
            order += [entry.path for entry in [house.claim()] if entry is not None]
        return order

    assert served(100) == served(1_000)


def who_returns_is_not_served_twice_before_a_rival_once(line: Line, rivals: int, before: int, away: int) -> None:
    house = House(line())
    house.submit((0, 1), 1.0)
    house.claim()
    for rival in range(rivals):
        for _ in range(before + away + 3):
            house.submit((rival + 1, 1), 1.0)
    for _ in range(away):
        house.claim()
    for _ in range(3):
        house.submit((0, 1), 1.0)
    served: list[Hashable] = []
    while served.count(0) < 2:
        served += [entry.path[0] for entry in [house.claim()] if entry is not None]
    assert set(served) == set(range(rivals + 1))


def what_is_charged_is_what_was_delivered(line: Line, steps: list[Any]) -> None:
    """All ask for much at first, so that nobody is ever lifted: a tag is then what its owner was charged."""
    house = House(line())
    for person in ((guild, user) for guild in range(3) for user in range(4)):
        for _ in range(len(steps)):
            house.submit(person, 1.0)
    for step in steps:
        if step[0] in ("claim", "lose"):
            house.do(step)
    charged = sum(child.tag for child in house.line._root.children.values())
    assert charged == pytest.approx(sum(entry.cost for entry in house.running))
    assert charged == pytest.approx(house.charged)


def a_lone_user_is_served_in_order(line: Line, costs: list[float]) -> None:
    house = House(line())
    for cost in costs:
        house.submit((0, 1), cost)
    assert drain(house) == sorted(range(1, len(costs) + 1))


def a_restart_changes_nothing(line: Line, before: list[Any], after: list[Any]) -> None:
    """What is kept is what changed, after every step; the jobs come back in order of arrival."""
    house = House(line())
    kept: dict[Path, Standing] = {}
    for step in before:
        house.do(step)
        kept |= {standing.path: standing for standing in house.line.changed()}
    waiting = [
        Entry(entry.job, entry.path, entry.cost, weight_of(entry.path))
        for entry in sorted(house.waiting.values(), key=lambda entry: entry.job)
    ]
    again = House(
        line.restored(list(kept.values()), waiting), dict(house.waiting), list(house.running), jobs=house.jobs
    )
    for step in after:
        first, second = house.do(step), again.do(step)
        assert first == second
    assert drain(house) == drain(again)


def forgetting_the_idle_changes_nothing(line: Line, steps: list[Any], when: int) -> None:
    house, forgetful = House(line()), House(line())
    for number, step in enumerate(steps):
        if number % when == 0:
            forgetful.line.forget()
        assert house.do(step) == forgetful.do(step)
    assert drain(house) == drain(forgetful)


def whoever_waits_stands_where_their_turn_is(line: Line, steps: list[Any]) -> None:
    """The lines are kept as things change; here they are made anew from all that is known, at every node and step."""
    house = House(line())
    for number, step in enumerate(steps):
        house.do(step)
        house.line.ahead_of((number % 3, number % 4), 1.0)
        for _, node in nodes(house.line._root):
            assert list(node.line) == sorted(node.waiting(), key=lambda child: child.turn)


# That they hold, and that they would be missed

PROPERTIES: dict[str, tuple[Callable[..., None], dict[str, st.SearchStrategy[Any]], tuple[Line, ...]]] = {
    "P1": (tags_stay_within_one_job_of_the_clock, {"steps": STEPS}, (FirstInFirstOut, RoundRobin, WithoutLift)),
    "P2": (the_backlogged_stay_within_one_job_each, {"steps": STEPS}, (FirstInFirstOut, RoundRobin, WithoutLift)),
    "P2 with slack": (
        filling_a_batch_costs_nobody_more_than_the_slack,
        {"steps": STEPS, "slack": st.sampled_from([0.0, 2.0, 5.0])},
        (Generous,),
    ),
    "P2 with several workers": (
        where_jobs_go_costs_nobody_more_than_the_slack,
        {"steps": STEPS, "slack": st.sampled_from([0.0, 2.0, 5.0])},
        (Generous,),
    ),
    "P2 beside those who wait for one worker": (
        who_waits_for_a_certain_worker_is_at_nobodys_cost,
        {"steps": BIG_GUILDS, "slack": st.sampled_from([0.0, 2.0])},
        (StoppedClock,),
    ),
    "P2 with refunds": (
        what_is_given_back_widens_the_bound_by_what_was_in_flight,
        {"steps": LONG_RUNS},
        (FirstInFirstOut, RoundRobin, WithoutRefund, Clamped),
    ),
    "P3": (no_lane_is_free_while_a_job_waits, {"steps": STEPS_WITH_LOSSES}, (NeverTwice,)),
    "P4": (
        a_light_user_waits_no_longer_than_the_bound,
        {
            "flood": st.sampled_from([20, 60]),
            "guilds": st.integers(1, 3),
            "mates": st.integers(0, 3),
            "lanes": st.integers(1, 3),
            "busy": st.integers(0, 19),
        },
        (FirstInFirstOut,),
    ),
    "P5": (
        the_order_does_not_depend_on_the_floods_size,
        {"light": st.lists(st.tuples(PEOPLE, COSTS), min_size=1, max_size=20)},
        (FirstInFirstOut,),
    ),
    "P6": (
        who_returns_is_not_served_twice_before_a_rival_once,
        {"rivals": st.integers(1, 4), "before": st.integers(0, 4), "away": st.integers(4, 20)},
        (WithoutLift,),
    ),
    "P7": (what_is_charged_is_what_was_delivered, {"steps": STEPS_WITH_LOSSES}, (WithoutRefund,)),
    "P8": (a_lone_user_is_served_in_order, {"costs": st.lists(COSTS, min_size=1, max_size=30)}, (LastInFirstOut,)),
    "P9": (a_restart_changes_nothing, {"before": STEPS_WITH_LOSSES, "after": STEPS_WITH_LOSSES}, (Forgetful,)),
    "forgetting": (
        forgetting_the_idle_changes_nothing,
        {"steps": HAND_TO_MOUTH, "when": st.integers(1, 5)},
        (Rash,),
    ),
    "lines": (whoever_waits_stands_where_their_turn_is, {"steps": steps_of("cancel", "lose", "end")}, (Unseated,)),
}
BROKEN = [(name, line) for name, (_, _, lines) in PROPERTIES.items() for line in lines]


def try_it(name: str, line: Line, **options: Any) -> None:
    holds, values, _ = PROPERTIES[name]
    check = settings(deadline=None, suppress_health_check=list(HealthCheck), **options)(
        given(**values)(lambda **drawn: holds(line, **drawn))
    )
    check()


@pytest.mark.parametrize("name", PROPERTIES)
def test_it_holds(name: str) -> None:
    try_it(name, FairShare, max_examples=100)


@pytest.mark.parametrize(("name", "line"), BROKEN)
def test_it_would_be_missed(name: str, line: Line) -> None:
    with pytest.raises(AssertionError):
        try_it(name, line, max_examples=500, derandomize=True, database=None, phases=[Phase.generate])


@pytest.mark.slow
@pytest.mark.parametrize("name", PROPERTIES)
def test_it_holds_in_thousands_of_cases(name: str) -> None:
    try_it(name, FairShare, max_examples=4_000)
