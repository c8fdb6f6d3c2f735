"""What an engine has done, and how the bot comes to know of it."""

import asyncio
from pathlib import Path

import tiny
from inference_kit import Bystander, a_checkpoint, an_attempt, run, running, until

from inference.checkpoints import Family
from inference.engine.engine import DiffusersEngine
from inference.executor import WorkerInfo, WorkerState
from inference.local import LocalExecutor
from inference.protocol import Counts, Done

SCRIPTED = "tests.fakes_inference:ScriptedEngine"


async def told(executor: LocalExecutor, steps: int) -> WorkerInfo:
    """Return the worker once it has told of so many steps."""
    async with asyncio.timeout(20):
        while (worker := executor.workers()[0]).steps != steps:  # noqa: ASYNC110 - it is told without a change
            await asyncio.sleep(0.02)
    return worker


def test_an_engine_counts_rows_and_what_it_found_in_memory(tmp_path: Path) -> None:
    tiny.make(tmp_path / "sd1", Family.SD1)
    names = ("a", "b")
    engine = DiffusersEngine("cpu", {name: a_checkpoint(tmp_path / "sd1", name) for name in names}, tmp_path)
    engine.load("a")
    before = engine.counts()
    for number, (checkpoint, prompt) in enumerate((("a", "red"), ("a", "red"), ("b", "blue"))):
        values = {"checkpoint": checkpoint, "prompt": prompt, "num_inference_steps": 2}
        engine.draw(an_attempt(tmp_path / str(number), **values), Bystander())
    engine._shelf._make_room(0, ())  # what is no longer in memory has been done all the same
    after = engine.counts()

    assert (before.checkpoints_loaded, before.prompts_encoded) == (1, 0)
    assert after.rows_called >= after.rows_used == 3 * 2 * 2
    assert (after.checkpoints_found, after.checkpoints_loaded) == (2, 2)
    assert (after.prompts_found, after.prompts_encoded) == (4, 2)  # the empty one is known from the start
    assert after.graphs_made - before.graphs_made == 1
    assert after.graphs_found - before.graphs_found >= 6


async def test_a_worker_tells_what_its_engine_has_done_and_begins_anew_with_every_life(tmp_path: Path) -> None:
    async with running(tmp_path, a_checkpoint(tmp_path, "scripted"), SCRIPTED, preview_every=0.01) as executor:
        await until(executor, WorkerState.READY)
        events = await run(executor, an_attempt(tmp_path / "spool"))
        worked = await told(executor, 4)
        await run(executor, an_attempt(tmp_path / "again", "2", prompt="die"))
        await until(executor, WorkerState.READY)
        born_again = await told(executor, 0)

    assert isinstance(events[-1], Done)
    assert worked.counts == Counts(rows_called=8, rows_used=4)
    assert worked.deaths == 0
    assert born_again.counts == Counts()
    assert born_again.deaths == 1
