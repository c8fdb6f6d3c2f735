"""The whole room: the executor, a real worker process, and the diffusers engine with tiny weights."""

import asyncio
import os
import signal

import numpy as np
import pytest
import pytest_asyncio
import tiny
from inference_kit import a_checkpoint, an_attempt, pixels_of, run, running, until, worker_pid
from PIL import Image

from inference.executor import WorkerState
from inference.protocol import Done, Failed, FailureKind, Preview, Progress
from inference.request import Sampler, Task
from inference.supervisor import Patience

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATIENCE = Patience(load=90, ping_every=0.5)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def executor(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    tiny.make(data / "tiny")
    async with running(data, a_checkpoint(data / "tiny"), patience=PATIENCE, preview_every=0.01) as executor:
        await until(executor, WorkerState.READY)
        yield executor


async def draw(executor, spool, name="1", **values):
    return pixels_of((await run(executor, an_attempt(spool / name, name, **values)))[-1])


async def test_text_becomes_a_picture_with_progress_and_previews(executor, tmp_path):
    events = await run(executor, an_attempt(tmp_path, count=2))
    steps = [(event.step, event.of) for event in events if isinstance(event, Progress)]
    previews = [event.jpeg for event in events if isinstance(event, Preview)]
    assert steps == [(step, 8) for step in range(1, 9)]
    assert previews
    assert all(jpeg.startswith(b"\xff\xd8") and len(jpeg) < 30_000 for jpeg in previews)
    done = events[-1]
    assert isinstance(done, Done)
    assert [picture.seed for picture in done.pictures] == [0, 1]
    assert executor.workers()[0].fingerprint.items() <= done.pictures[0].fingerprint.items()
    assert done.seconds > 0


async def test_a_picture_becomes_another_and_a_larger_one(executor, tmp_path):
    (picture,) = await draw(executor, tmp_path, "first")
    Image.fromarray(picture).save(tmp_path / "source.png")
    source = {"source": tmp_path / "source.png"}
    (varied,) = await draw(executor, tmp_path, "vary", task=Task.IMAGE_TO_IMAGE, strength=0.5, seed=5, **source)
    size = {"width": 256, "height": 256, "factor": 2, "strength": 0.3}
    (upscaled,) = await draw(executor, tmp_path, "up", task=Task.UPSCALE, **size, **source)
    assert not np.array_equal(varied, picture)
    assert upscaled.shape == (256, 256, 3)


async def test_a_cancel_is_heeded_between_two_steps(executor, tmp_path):
    events = []
    async for event in executor.run("cpu", an_attempt(tmp_path, num_inference_steps=150)):
        events.append(event)
        if isinstance(event, Progress) and event.step == 2:
            await executor.cancel("1")
    assert isinstance(events[-1], Failed)
    assert events[-1].kind is FailureKind.CANCELLED
    assert sum(isinstance(event, Progress) for event in events) < 30


async def test_the_same_request_gives_the_same_bytes_after_a_violent_death_too(executor, tmp_path):
    values = {"sampler": Sampler.EULER_A, "seed": 11, "negative_prompt": "blue"}
    (first,) = await draw(executor, tmp_path, "first", **values)
    await draw(executor, tmp_path, "between", seed=12)
    (second,) = await draw(executor, tmp_path, "second", **values)
    fingerprint = executor.workers()[0].fingerprint
    os.kill(worker_pid(), signal.SIGKILL)
    async with asyncio.timeout(60):
        await until(executor, WorkerState.RESTARTING)
        await until(executor, WorkerState.READY)
    (third,) = await draw(executor, tmp_path, "third", **values)
    assert np.array_equal(first, second)
    assert np.array_equal(first, third)
    assert executor.workers()[0].fingerprint == fingerprint
