"""The keeper of a GPU without its cluster: what it owes to one bot after another."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from inference_kit import QUICK, SCRIPTED, a_checkpoint, a_new_attempt, an_attempt, settings_for

from config.settings import ConfigError
from inference.easel import WorkerConfig
from inference.executor import WorkerInfo, WorkerState
from inference.keeper import Duty, Keeper, Taken, Told
from inference.parcel import Delivery, Parcel
from inference.protocol import Choice
from inference.supervisor import Patience


@asynccontextmanager
async def a_keeper(
    data: Path, monkeypatch: pytest.MonkeyPatch, checkpoint: str = "scripted", patience: Patience = QUICK
) -> AsyncIterator[Keeper]:
    """Give a keeper on a machine with the data folder, whose worker starts with the checkpoint."""
    monkeypatch.setenv("IMAGINE_DATA", str(data))
    worker = WorkerConfig.of(settings_for(data, checkpoint), {checkpoint: a_checkpoint(data, checkpoint)}, "", SCRIPTED)
    keeper = Keeper("here:0", Duty(worker=worker, patience=patience))
    try:
        yield keeper
    finally:
        await keeper.close()


async def heard(
    keeper: Keeper, session: str, wanted: Callable[[WorkerInfo, list[Told]], bool], answer: int | None = None
) -> tuple[WorkerInfo, list[Told]]:
    """Listen until something is told that is wanted; return it. Questions before it get an answer, if there is one."""
    async with asyncio.timeout(60):
        while True:
            info, told = await keeper.hear(session)
            if wanted(info, told):
                return info, told
            for question in questions(told) if answer is not None else ():
                await keeper.answer(session, question, answer)


def questions(told: list[Told]) -> list[Choice]:
    return [each for each in told if isinstance(each, Choice)]


async def test_a_question_outlives_the_bot_that_was_asked(tmp_path, monkeypatch):
    async with a_keeper(tmp_path, monkeypatch, "tried out") as keeper:
        await keeper.connect("one")
        _, told = await heard(keeper, "one", lambda _, told: bool(questions(told)))
        await keeper.leave("one")
        await keeper.connect("two")
        _, again = await heard(keeper, "two", lambda _, told: bool(questions(told)))
        await keeper.answer("two", Choice(name="rows"), None)
        await keeper.answer("two", Choice(name="rows"), None)  # which a slow bot may do
        _, (proposed, *_) = await heard(keeper, "two", lambda _, told: Choice(name="rows") not in told and bool(told))
        await keeper.answer("two", proposed, 8)
        info, _ = await heard(keeper, "two", lambda info, _: info.state is WorkerState.READY)

    assert questions(told) == questions(again) == [Choice(name="rows")]
    assert info.fingerprint["rows"] == "8"
    assert proposed.value not in (None, 8)


async def test_who_waits_for_an_answer_in_the_middle_of_an_attempt_is_free_for_the_next_bot(tmp_path, monkeypatch):
    async with a_keeper(tmp_path, monkeypatch) as keeper:
        await keeper.connect("one")
        await heard(keeper, "one", lambda info, _: info.state is WorkerState.READY)
        await keeper.run("one", Parcel.pack(a_new_attempt(tmp_path / "one", checkpoint="tried out")))
        await heard(keeper, "one", lambda _, told: bool(questions(told)))
        await keeper.leave("one")
        await keeper.connect("two")
        busy, told = await heard(keeper, "two", lambda _, told: bool(questions(told)))
        await heard(keeper, "two", lambda info, _: info.lanes_free == 2, answer=8)
        await keeper.run("two", Parcel.pack(a_new_attempt(tmp_path / "two", checkpoint="tried out")))
        _, told = await heard(keeper, "two", lambda _, told: any(isinstance(each, Delivery) for each in told), answer=8)

    assert busy.lanes_free == 1
    (done,) = [each.done for each in told if isinstance(each, Delivery)]
    assert done.pictures[0].fingerprint["rows"] == "8"


async def test_a_worker_whose_choice_cannot_be_kept_ends_and_says_why(tmp_path, monkeypatch):
    async with a_keeper(tmp_path, monkeypatch, "tried out") as keeper:
        await keeper.connect("one")
        _, (question, *_) = await heard(keeper, "one", lambda _, told: bool(questions(told)))
        await keeper.answer("one", question, None, "the disk is full")
        info, _ = await heard(keeper, "one", lambda info, _: info.problem is not None)

    assert "the disk is full" in (info.problem or "")


async def test_an_attempt_may_have_the_name_of_one_that_an_earlier_bot_has_left(tmp_path, monkeypatch):
    async with a_keeper(tmp_path, monkeypatch) as keeper:
        await keeper.connect("one")
        await heard(keeper, "one", lambda info, _: info.state is WorkerState.READY)
        left = an_attempt(tmp_path / "one", "calibration:0", prompt="slow", num_inference_steps=150)
        await keeper.run("one", Parcel.pack(left))
        await heard(keeper, "one", lambda _, told: bool(told))
        await keeper.leave("one")
        await keeper.connect("two")
        await keeper.run("two", Parcel.pack(an_attempt(tmp_path / "two", "calibration:0")))
        await heard(keeper, "two", lambda _, told: any(isinstance(each, Delivery) for each in told))


async def test_a_keeper_that_cannot_begin_says_why_every_time_and_serves_nobody_meanwhile(tmp_path, monkeypatch):
    async with a_keeper(tmp_path, monkeypatch) as keeper:
        with monkeypatch.context() as machine:
            machine.setenv("IMAGINE_LIMITS__PENDING_PER_USER", "none")
            for session in ("one", "two"):
                with pytest.raises(ConfigError, match="pending_per_user"):
                    await keeper.connect(session)
        await keeper.connect("three")
        with pytest.raises(Taken):
            await keeper.connect("four")


async def test_what_is_no_keepers_in_the_folder_of_their_files_is_left_alone(tmp_path, monkeypatch):
    for name in ("lost+found", "4194305"):  # the latter's process is none, as numbers end before it
        (tmp_path / "spools" / name).mkdir(parents=True)
    async with a_keeper(tmp_path, monkeypatch) as keeper:
        await keeper.connect("one")
        assert {each.name for each in (tmp_path / "spools").iterdir()} == {"lost+found", str(os.getpid())}


@pytest.mark.slow
async def test_who_waits_for_an_answer_does_not_load_for_too_long(tmp_path, monkeypatch):
    patience = Patience(load=8, ping_every=0.1)
    async with a_keeper(tmp_path, monkeypatch, "tried out", patience) as keeper:
        await keeper.connect("one")
        await heard(keeper, "one", lambda _, told: bool(questions(told)))
        await asyncio.sleep(patience.load)
        info, told = await heard(keeper, "one", lambda _, told: bool(questions(told)))
        await keeper.answer("one", questions(told)[0], 8)
        info, _ = await heard(keeper, "one", lambda info, _: info.state is WorkerState.READY)

    assert info.deaths == 0
