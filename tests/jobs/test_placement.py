"""Where jobs go: to whom has their checkpoint, to whom has room, and what is drawn again to whom is like the first."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import FINGERPRINT, FakeAwayStore, FakeExecutor, InThreadClerk, draw, fail
from jobs_kit import ADA, BEN, Bench, at_work
from samples import job

from db.history import History
from db.session import Database
from db.tables.job import Job, JobStatus
from db.tables.record import Record
from inference.executor import WorkerInfo, WorkerState
from inference.protocol import Attempt, Done, FailureKind
from jobs.fair_share import FairShare
from jobs.originals import Originals, differences
from jobs.place import Reason
from jobs.placement import PATIENCE, ROOM_PATIENCE, Placement, Waits

GIB = 2**30
OTHER = FINGERPRINT | {"device": "another card", "torch": "3.0"}
NEARER = FINGERPRINT | {"torch": "3.0"}
NOTE = "jobs.note_unlike"


def two(**values: dict[str, Any]) -> FakeExecutor:
    """Return an executor with the workers "a" and "b", of which that is known."""
    executor = FakeExecutor(names=("a", "b"))
    for name, value in values.items():
        setattr(executor, name, value)
    return executor


@pytest.fixture
def executor() -> FakeExecutor:
    return two()


@pytest.fixture
async def bench(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk, executor: FakeExecutor
) -> AsyncIterator[Bench]:
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        yield bench


def drawn_by(fingerprint: dict[str, str]) -> Callable[[Attempt], Done]:
    """Return what draws as a worker does whose fingerprint is that."""

    def outcome(attempt: Attempt) -> Done:
        done = draw(attempt)
        return replace(done, pictures=tuple(replace(each, fingerprint=fingerprint) for each in done.pictures))

    return outcome


async def original_of(bench: Bench) -> str:
    """Have a picture drawn, and return its record."""
    drawn = await bench.ended(await bench.ask(seed=0))
    return (await bench.history.of_job(drawn.id))[0].id


def workers_of(executor: FakeExecutor, drawn: Job) -> list[str]:
    """Return the workers of a job's attempts."""
    tried = zip(executor.attempts, executor.on, strict=True)
    return [worker for attempt, worker in tried if attempt.id.startswith(f"{drawn.id}:")]


# Warmth


async def test_what_is_due_goes_to_a_free_worker_that_has_its_checkpoint(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = two(warm={"a": (("demo", ()),), "b": (("sd-turbo", ()), ("sdxl", ()))})
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        await bench.ended(await bench.ask(checkpoint="sdxl"))
        executor.warm["b"] = (("sd-turbo", ()), ("sdxl", ()))
        await bench.ended(await bench.ask(checkpoint="demo"))
        await bench.ended(await bench.ask(checkpoint="sd-turbo"))

        assert executor.on == ["b", "a", "b"]


async def test_a_checkpoint_with_adapters_is_another_one(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    fish = (("fish", 1.0),)
    executor = two(warm={"a": (("demo", ()),), "b": (("demo", fish),)})
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        await bench.ended(await bench.ask(adapters=fish))
        await bench.ended(await bench.ask())

        assert executor.on == ["b", "a"]


async def test_a_cold_worker_that_is_free_does_not_wait_for_a_warm_one(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = two(warm={"a": (("demo", ()),), "b": ()})
    executor.go_on.clear()
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        first, second = await bench.ask(ADA), await bench.ask(BEN)
        await bench.audience.heard("preview", first.id)
        await bench.audience.heard("preview", second.id)

        assert executor.on == ["a", "b"]


# Memory


async def test_what_needs_much_memory_waits_for_a_worker_that_has_it(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = two(memory={"a": 8 * GIB, "b": 24 * GIB})
    executor.go_on.clear()
    async with at_work(sqlite_database, tmp_path, clerk, executor, memory={"sdxl": 10 * GIB}) as bench:
        large = [await bench.ask(ADA, checkpoint="sdxl") for _ in range(2)]
        small = await bench.ask(BEN)
        await bench.audience.heard("preview", large[0].id)
        await bench.audience.heard("preview", small.id)
        executor.go_on.set()
        await bench.ended(large[1])

        assert executor.on == ["b", "a", "b"]


async def test_where_no_worker_has_enough_memory_any_of_them_tries(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = two(memory={"a": 8 * GIB, "b": 6 * GIB})
    async with at_work(sqlite_database, tmp_path, clerk, executor, memory={"sdxl": 10 * GIB}) as bench:
        assert (await bench.ended(await bench.ask(checkpoint="sdxl"))).status is JobStatus.DONE


async def test_a_worker_with_enough_memory_that_died_for_good_is_not_waited_for(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = two(memory={"a": 8 * GIB, "b": 24 * GIB}, states={"b": WorkerState.BROKEN})
    async with at_work(sqlite_database, tmp_path, clerk, executor, memory={"sdxl": 10 * GIB}) as bench:
        await bench.ended(await bench.ask(checkpoint="sdxl"))

        assert executor.on == ["a"]


class Asked(dict[str, int]):
    """What checkpoints need, and of which of them that was asked."""

    def __init__(self, needs: dict[str, int]) -> None:
        super().__init__(needs)
        self.asked: list[str] = []

    def get(self, checkpoint: str, default: Any = None) -> Any:
        self.asked.append(checkpoint)
        return super().get(checkpoint, default)


async def test_while_no_worker_is_free_the_line_is_not_looked_at(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor, memory = FakeExecutor(), Asked({"demo": GIB})
    executor.memory = {"fake": 2 * GIB}
    executor.go_on.clear()
    async with at_work(sqlite_database, tmp_path, clerk, executor, memory=memory) as bench:
        first = await bench.ask()
        await bench.audience.heard("preview", first.id)
        memory.asked.clear()
        second = await bench.ask(BEN)
        await asyncio.sleep(0.1)
        assert memory.asked == []

        executor.go_on.set()
        await bench.ended(second)
        assert memory.asked != []


def test_for_jobs_that_need_the_same_the_workers_are_looked_at_once() -> None:
    memory = Asked({"demo": GIB})
    placement = Placement(
        candidates=[replace(a_worker({}), memory=2 * GIB)],
        free=[replace(a_worker({}), memory=2 * GIB)],
        holds={"a": set()},
        failed={},
        memory=memory,
        originals=Originals(None),  # type: ignore[arg-type]  # nothing is looked up
        waits=Waits(),
    )
    needed = job(request={"checkpoint": "demo"})

    first = [placement.where(replace(needed, id=1)), len(memory.asked)]
    assert [placement.where(replace(needed, id=2)), len(memory.asked)] == first


@pytest.mark.parametrize("state", [WorkerState.STARTING, WorkerState.RESTARTING])
async def test_a_worker_that_has_never_told_what_it_is_is_not_waited_for(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk, state: WorkerState
) -> None:
    executor = two(memory={"a": 8 * GIB}, states={"b": state}, fingerprints={"b": {}})
    async with at_work(sqlite_database, tmp_path, clerk, executor, memory={"sdxl": 10 * GIB}) as bench:
        await bench.ended(await bench.ask(checkpoint="sdxl"))

        assert executor.on == ["a"]


async def test_one_that_has_never_told_what_it_is_is_not_taken_for_like_the_first(
    executor: FakeExecutor, bench: Bench
) -> None:
    original = await original_of(bench)
    executor.fingerprints, executor.states = {"a": OTHER, "b": {}}, {"b": WorkerState.RESTARTING}
    again = await bench.ask(seed=0, reproduces=original)

    assert [note["key"] for note in again.notes] == [NOTE]
    await bench.ended(again)


class CountingHistory(History):
    """A history that counts how often it was asked for a record."""

    looks = 0

    async def get(self, record_id: str) -> Record | None:
        self.looks += 1
        return await super().get(record_id)


# The promise


@pytest.mark.parametrize("like", ["a", "b"])
async def test_what_is_drawn_again_goes_to_a_worker_like_the_one_that_drew_it(
    executor: FakeExecutor, bench: Bench, like: str
) -> None:
    original = await original_of(bench)
    executor.fingerprints = {"a": OTHER, "b": OTHER} | {like: FINGERPRINT}
    executor.on.clear()
    for _ in range(3):
        again = await bench.ended(await bench.ask(seed=0, reproduces=original))

    assert executor.on == [like] * 3
    assert again.notes == []


async def test_what_is_drawn_again_waits_for_such_a_worker_and_lets_others_pass(
    executor: FakeExecutor, bench: Bench
) -> None:
    original = await original_of(bench)
    executor.fingerprints, executor.warm = {"b": OTHER}, {"a": (("demo", ()),)}
    executor.on.clear()
    executor.go_on.clear()
    busy = await bench.ask(BEN)
    await bench.audience.heard("preview", busy.id)
    again = await bench.ask(ADA, seed=0, reproduces=original)
    other = await bench.ask(BEN)
    await bench.audience.heard("preview", other.id)
    assert [executor.on, bench.dispatcher.counts()] == [["a", "b"], (2, 1)]
    assert bench.dispatcher.place(again).reason is Reason.NEXT

    executor.go_on.set()
    after = await bench.ended(again)

    assert executor.on == ["a", "b", "a"]
    assert after.notes == []


async def test_a_worker_like_it_that_restarts_is_waited_for(executor: FakeExecutor, bench: Bench) -> None:
    original = await original_of(bench)
    executor.fingerprints, executor.states = {"b": OTHER}, {"a": WorkerState.RESTARTING}
    again = await bench.ask(seed=0, reproduces=original)
    await bench.ended(await bench.ask(BEN))
    assert executor.on == ["a", "b"]
    assert bench.dispatcher.place(again).reason is Reason.CHOOSY

    executor.states.clear()
    await bench.ended(await bench.ask(BEN))
    await bench.ended(again)

    assert workers_of(executor, again) == ["a"]


async def test_who_can_get_no_worker_like_it_is_told_before_and_after_and_what_differs(
    executor: FakeExecutor, bench: Bench
) -> None:
    original = await original_of(bench)
    executor.fingerprints = {"a": OTHER, "b": NEARER}
    executor.on.clear()
    executor.outcomes = [drawn_by(NEARER)]
    asked = await bench.ask(seed=0, reproduces=original)
    after = await bench.ended(asked)

    told = [{"key": NOTE, "values": {"names": "torch"}}]
    assert (asked.notes, after.notes) == (told, told)
    assert executor.on == ["b"], "the nearest"
    assert after.verdict is not None
    assert after.verdict["changed"] == ["torch"]


async def test_an_original_is_looked_up_before_the_commit_and_nothing_can_fail_after_it(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor, history = two(), CountingHistory(sqlite_database)
    async with at_work(sqlite_database, tmp_path, clerk, executor, history=history) as bench:
        original = await original_of(bench)
        history.looks = 0
        executor.go_on.clear()
        again = await bench.ask(seed=0, reproduces=original)
        await bench.audience.heard("preview", again.id)
        assert history.looks == 1

        executor.go_on.set()
        await bench.ended(again)


async def test_what_was_told_before_is_not_told_after_where_it_has_proved_wrong(
    executor: FakeExecutor, bench: Bench
) -> None:
    original = await original_of(bench)
    executor.fingerprints = {"a": OTHER, "b": NEARER}
    asked = await bench.ask(seed=0, reproduces=original)
    after = await bench.ended(asked)

    assert [note["key"] for note in asked.notes] == [NOTE]
    assert (after.notes, after.verdict and after.verdict["changed"]) == ([], [])


async def test_a_reproduction_that_waited_through_a_restart_still_goes_to_whom_it_waits_for(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor = two()
    async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        original = await original_of(bench)
        executor.state = WorkerState.STARTING
        again = await bench.ask(seed=0, reproduces=original)

    later = two(fingerprints={"a": OTHER})
    async with at_work(sqlite_database, tmp_path, clerk, later) as bench:
        await bench.ended(again)

        assert later.on == ["b"]


async def test_who_has_failed_it_is_the_last_to_draw_it_though_it_is_like_the_first(
    executor: FakeExecutor, bench: Bench
) -> None:
    original = await original_of(bench)
    executor.fingerprints, executor.outcomes = {"b": OTHER}, [fail(FailureKind.OUT_OF_MEMORY)]
    executor.on.clear()
    await bench.ended(await bench.ask(seed=0, reproduces=original))

    assert executor.on == ["a", "b"]


def test_nobody_waits_for_a_better_worker_for_ever() -> None:
    now = [0.0]
    waits = Waits(lambda: now[0])

    def too_long(seconds: float, waiting: Job) -> bool:
        now[0] = seconds
        return waits.too_long(waiting, PATIENCE)

    one, other = job(id=1), job(id=2)
    assert not too_long(10.0, one)
    assert not too_long(10.0 + PATIENCE / 2, other)
    assert not too_long(9.0 + PATIENCE, one)
    assert too_long(10.0 + PATIENCE, one)
    assert not too_long(10.0 + PATIENCE, other)
    waits.forget(one)
    assert not too_long(10.0 + PATIENCE, one)


def test_who_has_waited_for_a_better_worker_for_long_enough_goes_to_any() -> None:
    now, large = [0.0], job(id=1)
    small, restarts = a_worker(DREW), replace(a_worker(DREW), id="b", state=WorkerState.RESTARTING)
    waits = Waits(lambda: now[0])

    def placement(free: list[WorkerInfo]) -> Placement:
        return Placement(
            candidates=[replace(small, memory=GIB), restarts],
            free=[replace(each, memory=GIB) for each in free],
            holds={"a": set()},
            failed={},
            memory={"demo": 2 * GIB},
            originals=Originals(None),  # type: ignore[arg-type]  # nothing is looked up
            waits=waits,
        )

    assert placement([small]).where(large) is None, "the other is known, and comes again"
    now[0] = ROOM_PATIENCE - 1.0
    assert placement([small]).where(large) is None
    now[0] = ROOM_PATIENCE
    assert placement([]).where(large) is None
    assert placement([small]).where(large) == "a"
    assert not placement([small]).is_warm(large)


async def test_a_worker_is_not_to_blame_for_pictures_that_could_not_be_kept(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    executor, store = two(), FakeAwayStore(tmp_path, away=1)
    async with at_work(sqlite_database, tmp_path, clerk, executor, store=store) as bench:
        await bench.ended(await bench.ask())

        assert executor.on == ["a", "a"], "where its checkpoint is"


def test_what_waits_for_a_worker_holds_up_no_other_of_its_owner_and_each_waits_no_longer_for_those_before_it() -> None:
    now = [0.0]
    waits, line = Waits(lambda: now[0]), FairShare()
    small = replace(a_worker({}), memory=8 * GIB)
    busy = replace(a_worker({}), id="b", memory=24 * GIB, lanes_free=0)
    jobs = {number: job(id=number, request={"checkpoint": "sdxl"}) for number in (1, 2, 3)}
    jobs[4] = job(id=4, request={"checkpoint": "demo"})
    for number in jobs:
        line.submit(number, ("guild", "ada"), 5.0)

    def claimed() -> list[int]:
        placement = Placement(
            candidates=[small, busy],
            free=[small],
            holds={"a": set()},
            failed={},
            memory={"sdxl": 10 * GIB},
            originals=Originals(None),  # type: ignore[arg-type]  # nothing is looked up
            waits=waits,
        )
        taken = []
        while entry := line.claim_beside(
            lambda each: placement.is_warm(jobs[each.job]), 5.0, lambda each: placement.where(jobs[each.job]) == "a"
        ):
            taken.append(entry.job)
        return taken

    assert claimed() == [4]
    now[0] = ROOM_PATIENCE
    assert claimed() == [1, 2, 3]


# What is known to differ


def a_worker(fingerprint: dict[str, str], **fingerprints: dict[str, str]) -> WorkerInfo:
    return WorkerInfo(
        id="a",
        state=WorkerState.READY,
        device="cpu",
        lanes_free=1,
        fingerprint=fingerprint,
        fingerprints=fingerprints,
    )


DREW = {"torch": "2.13", "device": "a card", "dtype": "bfloat16", "weights": "1", "rows": "8", "kernels": "eager"}


def test_of_a_worker_that_has_loaded_the_checkpoint_all_is_compared_but_what_only_a_drawing_tells() -> None:
    holds = {"torch": "2.13", "device": "a card", "dtype": "float16", "weights": "2"}

    assert differences(DREW, "demo", a_worker({}, demo=holds)) == ("dtype", "weights")
    assert differences(DREW, "demo", a_worker({}, demo=holds | {"memory": "low"})) == ("dtype", "memory", "weights")
    assert differences(DREW, "demo", a_worker({}, demo=holds | {"dtype": "bfloat16", "weights": "1"})) == ()


def test_of_a_worker_that_has_not_loaded_it_what_is_its_machines_own_is_compared() -> None:
    began_with = {"torch": "2.14", "device": "a card", "dtype": "bfloat16", "weights": "of another"}

    assert differences(DREW, "demo", a_worker(began_with, other=began_with)) == ("torch",)


def test_of_a_worker_that_has_told_nothing_nothing_is_known() -> None:
    assert differences(DREW, "demo", a_worker({})) == ()
    assert differences({}, "demo", a_worker(DREW)) == ()
