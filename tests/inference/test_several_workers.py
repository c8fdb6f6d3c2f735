"""Several workers on one machine: each tells what it holds, and what one has tried out counts for all."""

import asyncio
import json
import os
import socket
from pathlib import Path

from inference_kit import a_checkpoint, an_attempt, settings_for
from workshops import until_ready

from inference.choices import ChoiceFile
from inference.local import LocalExecutor, named
from inference.protocol import Done
from inference.supervisor import Patience, Settle

SCRIPTED = "tests.fakes_inference:ScriptedEngine"
TWO = ("cpu", "cpu")


def an_executor(data: Path, checkpoint: str = "scripted", settle: Settle | None = None) -> LocalExecutor:
    settings = settings_for(data, checkpoint).model_copy(update={"devices": TWO})
    checkpoints = {checkpoint: a_checkpoint(data, checkpoint)}
    return LocalExecutor(settings, checkpoints, settle, patience=Patience(load=60), engine=SCRIPTED)


async def draw(executor: LocalExecutor, worker: str, spool: Path, checkpoint: str) -> None:
    events = [event async for event in executor.run(worker, an_attempt(spool, checkpoint=checkpoint))]
    assert isinstance(events[-1], Done)


def test_every_worker_has_a_name_of_its_own() -> None:
    assert list(named(["cuda:0", "cuda:1", "cuda:0", "cuda:0"])) == [
        ("cuda:0", "cuda:0"),
        ("cuda:1", "cuda:1"),
        ("cuda:0/2", "cuda:0"),
        ("cuda:0/3", "cuda:0"),
    ]


async def test_a_worker_tells_what_it_has_in_memory_and_what_had_to_leave(tmp_path: Path) -> None:
    async with until_ready(an_executor(tmp_path)) as executor:
        before = executor.workers()
        await draw(executor, "cpu/2", tmp_path / "spool", "other")
        after = executor.workers()[1]
        await draw(executor, "cpu/2", tmp_path / "spool", "large")
        last = executor.workers()[1]

        assert [(worker.id, worker.warm, worker.host) for worker in before] == [
            ("cpu", (("scripted", ()),), socket.gethostname()),
            ("cpu/2", (("scripted", ()),), socket.gethostname()),
        ]
        assert after.warm == (("scripted", ()), ("other", ()))
        assert last.warm == (("large", ()),)
        assert set(last.fingerprints) == {"scripted", "other", "large"}, "what it has drawn with it remembers"
        assert executor.workers()[0] == before[0]


async def test_a_worker_that_died_holds_nothing_until_it_has_loaded_again(tmp_path: Path) -> None:
    async with until_ready(an_executor(tmp_path)) as executor:
        await draw(executor, "cpu", tmp_path / "spool", "other")
        os.kill(int(executor.workers()[0].fingerprint["pid"]), 9)
        while executor.workers()[0].warm:
            await executor.changed()
        while not executor.workers()[0].warm:
            await executor.changed()

        assert executor.workers()[0].warm == (("scripted", ()),)


async def test_what_two_workers_try_out_at_once_counts_for_both_as_the_first_has_found_it(tmp_path: Path) -> None:
    async with until_ready(an_executor(tmp_path, "tried out")) as executor:
        one, other = (worker.fingerprint for worker in executor.workers())

        assert one["pid"] != other["pid"]
        assert one["rows"] == other["rows"]
        assert one["rows"] in (one["pid"], other["pid"])
        assert json.loads((tmp_path / "rows.json").read_text()) == {"rows": int(one["rows"])}


async def test_what_was_tried_out_outlives_the_workers(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text('{"rows": 8}')
    async with until_ready(an_executor(tmp_path, "tried out")) as executor:
        assert {worker.fingerprint["rows"] for worker in executor.workers()} == {"8"}


async def test_what_is_settled_elsewhere_is_not_kept_with_the_workers(tmp_path: Path) -> None:
    agreed = ChoiceFile(tmp_path / "elsewhere" / "agreed.json")
    async with until_ready(an_executor(tmp_path, "tried out", agreed.settle)) as executor:
        assert {worker.fingerprint["rows"] for worker in executor.workers()} == {str(agreed.get("rows"))}
    assert not (tmp_path / "rows.json").exists()


async def test_a_choice_that_cannot_be_kept_is_told_and_nobody_draws_by_it(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text("no JSON")
    executor = an_executor(tmp_path, "tried out")
    await executor.start()
    try:
        async with asyncio.timeout(30):
            while not executor.workers()[0].problem:
                await executor.changed()
        assert str(executor.workers()[0].problem).startswith("what it chose could not be kept: Expecting value")
        assert not executor.workers()[0].fingerprint
    finally:
        await executor.close(0)
