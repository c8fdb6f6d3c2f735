"""Finding the devices, whatever the probe does."""

import asyncio
import sys

import psutil
import pytest

from inference.devices import CPU, probe


def program(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


async def test_what_the_probe_names_is_there():
    assert await probe(program('print(\'["cuda:0", "cuda:1"]\')')) == ("cuda:0", "cuda:1")


@pytest.mark.parametrize("text", ["print('[]')", "print('no JSON')", "raise SystemExit(1)"])
async def test_a_probe_that_knows_nothing_leaves_the_cpu(text):
    assert await probe(program(text)) == CPU


async def test_a_probe_that_is_not_there_leaves_the_cpu():
    assert await probe(("/nowhere/probe",)) == CPU


async def test_a_probe_that_hangs_is_ended_and_leaves_the_cpu():
    command = program("import time; time.sleep(600)")
    looking = asyncio.create_task(probe(command, 0.5))
    await asyncio.sleep(0.3)
    (process,) = [child for child in psutil.Process().children() if child.cmdline() == list(command)]
    assert await looking == CPU
    assert not process.is_running()  # nor left to be waited for
