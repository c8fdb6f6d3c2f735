"""The engine in a real worker process, on a device that has little room left."""

import asyncio
import json
from pathlib import Path

import pytest
import pytest_asyncio
import tiny
from inference_kit import a_checkpoint, an_attempt, run, running, until, worker_pid

from inference.engine.engine import DiffusersEngine
from inference.executor import WorkerState
from inference.protocol import Done, Event, Failed, FailureKind
from inference.supervisor import Patience

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL_DEVICE = "tests.fakes_device:SmallDevice"
ROWS = 8
FITS, NARROW, TOO_LARGE = ({"width": side, "height": side} for side in (64, 128, 256))


def choose_rows(folder: Path) -> None:
    """Let a call have ROWS rows, as when there was more room."""
    DiffusersEngine("cpu", {"tiny": a_checkpoint(folder / "tiny")}, folder).load("tiny")
    kept = json.loads((folder / "rows.json").read_text())
    (folder / "rows.json").write_text(json.dumps(dict.fromkeys(kept, ROWS)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def executor(tmp_path_factory: pytest.TempPathFactory):
    data = tmp_path_factory.mktemp("data")
    tiny.make(data / "tiny")
    choose_rows(data)
    async with running(data, a_checkpoint(data / "tiny"), SMALL_DEVICE, Patience(load=90, ping_every=0.5)) as executor:
        await until(executor, WorkerState.READY)
        yield executor


def rows_of(event: Event) -> str:
    assert isinstance(event, Done), event
    return event.pictures[0].fingerprint["rows"]


async def test_what_fits_is_drawn_with_the_rows_that_were_chosen(executor, tmp_path: Path) -> None:
    assert rows_of((await run(executor, an_attempt(tmp_path, **FITS)))[-1]) == str(ROWS)


async def test_what_finds_no_room_is_drawn_with_fewer_rows_a_call(executor, tmp_path: Path) -> None:
    assert rows_of((await run(executor, an_attempt(tmp_path, **NARROW)))[-1]) == "2"
    assert rows_of((await run(executor, an_attempt(tmp_path, **FITS)))[-1]) == str(ROWS)  # and the next is not


async def test_what_never_fits_fails_alone(executor, tmp_path: Path) -> None:
    pid = worker_pid()
    large, small = await asyncio.gather(
        run(executor, an_attempt(tmp_path / "large", "large", **TOO_LARGE)),
        run(executor, an_attempt(tmp_path / "small", "small", **FITS, num_inference_steps=20)),
    )
    assert isinstance(large[-1], Failed)
    assert large[-1].kind is FailureKind.OUT_OF_MEMORY
    assert isinstance(small[-1], Done)
    assert worker_pid() == pid
