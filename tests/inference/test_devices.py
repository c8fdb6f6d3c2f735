"""Finding the devices, whatever the probe does."""

import asyncio
import os
import sys

import psutil
import pytest

from config.settings import ConfigError
from inference.devices import CPU, given_device, probe


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


@pytest.fixture
def with_driver(tmp_path, monkeypatch):
    """Make this a machine with NVIDIA's tools."""
    (tmp_path / "nvidia-smi").touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)


async def test_who_was_given_a_gpu_has_it_or_fails_and_never_the_cpu(with_driver):
    assert await given_device(program("print('[\"cuda:0\"]')")) == "cuda:0"
    for text in ("print('[]')", "raise SystemExit(1)"):
        with pytest.raises(ConfigError, match="torch cannot use this machine's GPU"):
            await given_device(program(text))


async def test_who_was_given_a_place_on_a_machine_without_gpus_has_the_cpu(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert await given_device(("/nowhere/probe",)) == "cpu"
