"""What is Ray's own: workers that outlive the bot, and the loss of keepers, nodes and heads."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest
import pytest_asyncio
from inference_kit import (
    QUICK,
    SCRIPTED,
    Stage,
    a_checkpoint,
    a_new_attempt,
    begin,
    failure,
    pid_of,
    read,
    run,
    settings_for,
    until_free,
)
from ray_fixtures import Fleet, a_fleet

from bot.doctor import examine
from config.settings import ConfigError, Ray, Settings
from inference.choices import ChoiceFile
from inference.devices import without_secrets
from inference.executor import WorkerState
from inference.protocol import Done, FailureKind
from inference.ray import RayExecutor, environment, require

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRETS = {"DISCORD_TOKEN": "secret", "PGPASSWORD": "secret", "IMAGINE_KEY": "a secret of many letters"}


def executor_on(settings: Settings, name: str = "scripted") -> RayExecutor:
    return RayExecutor(settings, {name: a_checkpoint(settings.data, name)}, patience=QUICK, engine=SCRIPTED)


@asynccontextmanager
async def joined(fleet: Fleet, workers: int, **times: float) -> AsyncIterator[RayExecutor]:
    """Give an executor whose workers are ready."""
    executor = executor_on(fleet.settings(settings_for(fleet.data, "scripted", **times)))
    try:
        await executor.start()
        await until_free(executor, workers)
        yield executor
    finally:
        await executor.close(0)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(fleet, tmp_path_factory):
    """Open executors on the shared cluster, each with the same settings."""
    settings = fleet.settings(settings_for(fleet.data, "scripted"))
    stage = Stage(lambda: executor_on(settings), 2, tmp_path_factory.mktemp("spool"))
    yield stage
    await stage.close(0)


@pytest_asyncio.fixture(loop_scope="module")
async def executor(stage):
    return await stage.executor()


def pids(executor: RayExecutor) -> list[int]:
    return [pid_of(worker) for worker in executor.workers()]


def driver() -> psutil.Process:
    """Return the only driver that this process has."""
    (found,) = [child for child in psutil.Process().children() if "inference.ray_driver" in child.cmdline()]
    return found


async def until_state(executor: RayExecutor, worker: int, state: WorkerState) -> str:
    """Wait for a worker's state; return its problem."""
    async with asyncio.timeout(60):
        while executor.workers()[worker].state is not state:
            await executor.changed()
    return executor.workers()[worker].problem or ""


async def test_a_bot_that_starts_again_finds_its_workers_warm_and_free(stage, executor, tmp_path):
    before = pids(executor)
    begin(executor, a_new_attempt(tmp_path, prompt="slow", num_inference_steps=150))
    await stage.close(0)
    executor = await stage.executor()
    assert pids(executor) == before
    assert isinstance((await run(executor, a_new_attempt(tmp_path)))[-1], Done)


@pytest.mark.slow
async def test_a_driver_that_is_killed_costs_what_ran_and_no_worker(executor, tmp_path):
    before = pids(executor)
    stream = begin(executor, a_new_attempt(tmp_path, prompt="slow", num_inference_steps=150))
    await anext(stream)
    driver().kill()
    assert failure(await read(stream)) is FailureKind.WORKER_LOST
    assert {worker.state for worker in executor.workers()} == {WorkerState.RESTARTING}
    await until_free(executor, 2)
    assert pids(executor) == before
    assert isinstance((await run(executor, a_new_attempt(tmp_path)))[-1], Done)


async def test_a_keeper_that_is_killed_comes_back_with_a_new_worker(executor, tmp_path):
    before = pids(executor)
    stream = begin(executor, a_new_attempt(tmp_path, prompt="slow", num_inference_steps=150))
    other = begin(executor, a_new_attempt(tmp_path / "other", prompt="slow", num_inference_steps=50), worker=1)
    await anext(stream)
    psutil.Process(before[0]).parent().kill()
    assert failure(await read(stream)) is FailureKind.WORKER_LOST
    assert isinstance((await read(other))[-1], Done)
    await until_free(executor, 2)
    assert pids(executor)[0] != before[0]
    assert pids(executor)[1] == before[1]


async def test_nothing_of_an_attempt_stays_on_its_machine_and_files_that_are_gone_fail_it(fleet, executor, tmp_path):
    (tmp_path / "source.png").write_bytes(b"source")
    gone = await run(executor, a_new_attempt(tmp_path / "spool", tmp_path / "gone.png"))
    assert failure(gone) is FailureKind.ENGINE
    attempt = a_new_attempt(tmp_path / "spool", tmp_path / "source.png", prompt="show what came")
    assert isinstance((await run(executor, attempt))[-1], Done)
    spools = fleet.data / "spools"
    assert len(list(spools.iterdir())) >= 2  # where it would have been
    async with asyncio.timeout(5):
        while list(spools.glob("*/*")):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.05)


async def test_a_bot_gets_no_worker_that_another_is_served_by(fleet, stage, executor, tmp_path):
    before = pids(executor)
    second = executor_on(fleet.settings(settings_for(fleet.data, "scripted")))
    await second.start()
    try:
        assert "another bot" in await until_state(second, 0, WorkerState.RESTARTING)
        assert isinstance((await run(executor, a_new_attempt(tmp_path)))[-1], Done)
        await stage.close(0)
        await until_free(second, 2)
        assert pids(second) == before
    finally:
        await second.close(0)


@pytest.mark.slow
async def test_workers_with_other_settings_are_replaced(fleet, stage, executor, tmp_path, monkeypatch):
    before = pids(executor)
    await stage.close(0)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    async with joined(fleet, 2, preview_every=0.5) as other:
        assert not set(pids(other)) & set(before)
        assert isinstance((await run(other, a_new_attempt(tmp_path)))[-1], Done)
        assert not SECRETS.keys() & driver().environ().keys()


async def test_what_workers_of_several_machines_try_out_the_bot_keeps_for_all(fleet, stage, executor, tmp_path):
    await stage.close(0)
    settings = fleet.settings(settings_for(tmp_path, "tried out"))  # its folder is not the machines'
    checkpoints, agreed = {"tried out": a_checkpoint(tmp_path, "tried out")}, ChoiceFile(tmp_path / "agreed.json")
    other = RayExecutor(settings, checkpoints, agreed.settle, patience=QUICK, engine=SCRIPTED)
    await other.start()
    try:
        await until_free(other, 2)
        one, two = (worker.fingerprint for worker in other.workers())
    finally:
        await other.close(0)
    assert one["pid"] != two["pid"]
    assert one["rows"] == two["rows"]
    assert agreed.all() == {"rows": int(one["rows"])}
    assert not (tmp_path / "rows.json").exists()
    assert not (fleet.data / "rows.json").exists()


@pytest.mark.slow
async def test_a_node_that_dies_takes_its_worker_along_and_one_that_comes_brings_another(tmp_path):
    with a_fleet(tmp_path / "nodes", 1) as fleet:
        async with joined(fleet, 1) as executor:
            (head,) = executor.workers()
            node = await asyncio.to_thread(fleet.add, 1)
            await until_free(executor, 2)
            (place,) = [index for index, each in enumerate(executor.workers()) if each.id != head.id]
            stream = begin(executor, a_new_attempt(tmp_path / "a", prompt="slow", num_inference_steps=150), place)
            other = begin(executor, a_new_attempt(tmp_path / "b", prompt="slow", num_inference_steps=150), 1 - place)
            await anext(stream)
            await asyncio.to_thread(node.kill)
            assert failure(await read(stream)) is FailureKind.WORKER_LOST
            assert isinstance((await read(other))[-1], Done)
            await until_free(executor, 1)
            assert [each.id for each in executor.workers()] == [head.id]


@pytest.mark.slow
async def test_a_head_that_dies_costs_what_ran_and_a_new_one_is_joined(tmp_path):
    with a_fleet(tmp_path / "nodes") as fleet:
        head = await asyncio.to_thread(fleet.start, 1)
        async with joined(fleet, 1) as executor:
            stream = begin(executor, a_new_attempt(tmp_path, prompt="slow", num_inference_steps=150))
            await anext(stream)
            await asyncio.to_thread(head.kill)
            assert failure(await read(stream)) is FailureKind.WORKER_LOST
            assert await until_state(executor, 0, WorkerState.RESTARTING)
            await asyncio.to_thread(fleet.start, 1)
            await until_free(executor, 1)
            assert isinstance((await run(executor, a_new_attempt(tmp_path)))[-1], Done)


async def test_a_cluster_that_cannot_be_reached_stops_the_start(tmp_path):
    pytest.importorskip("ray")
    settings = settings_for(tmp_path, "scripted").model_copy(update={"ray": Ray(address="127.0.0.1:1")})
    with pytest.raises(ConfigError, match=r"127\.0\.0\.1:1"):
        await executor_on(settings).start()


async def test_the_clusters_token_is_kept_from_all_but_who_speaks_with_ray(monkeypatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN", "token")
    assert "RAY_AUTH_TOKEN" not in without_secrets()
    assert environment()["RAY_AUTH_TOKEN"] == "token"
    assert environment()["RAY_AUTH_MODE"] == os.environ.get("RAY_AUTH_MODE", "token")


async def test_who_has_not_installed_ray_is_told_how():
    with pytest.raises(ConfigError, match="no_such_package is missing"):
        require("no_such_package")


@pytest.mark.slow
async def test_a_cluster_of_its_own_ends_with_the_bot_and_never_knows_its_secrets(tmp_path):
    pytest.importorskip("ray")
    program = f"""
import asyncio, sys
sys.path[:0] = ["tests", "tests/inference"]
from pathlib import Path
from inference_kit import *
from config.settings import Ray
from inference.ray import RayExecutor
async def main():
    path = Path({str(tmp_path)!r})
    settings = settings_for(path, "scripted").model_copy(update={{"ray": Ray(address="local")}})
    executor = RayExecutor(settings, {{"scripted": a_checkpoint(path, "scripted")}}, patience=QUICK, engine=SCRIPTED)
    await executor.start()
    await until_free(executor, 1)
    print((await run(executor, an_attempt(path)))[-1], flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    environment = os.environ | SECRETS | {"IMAGINE_DATA": str(tmp_path / "data"), "HOME": str(tmp_path)}  # Ray's token
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert bot.stdout is not None
        assert (await bot.stdout.readline()).startswith(b"Done")
        family = psutil.Process(bot.pid).children(recursive=True)
        assert any("inference.worker" in each.cmdline() for each in family)
        assert not [each for each in family if SECRETS.keys() & each.environ().keys()]
    finally:
        bot.kill()
        await bot.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, family, 15)
    assert not alive


async def test_the_doctor_finds_the_machines_of_the_cluster(fleet):
    settings = fleet.settings(settings_for(fleet.data, "demo"))
    findings = {finding.subject.partition(" ")[0]: finding for finding in await examine(settings, {})}
    assert (findings["machine"].well, findings["machine"].text) == (True, "2 GPUs")
    assert "cluster" not in findings
    settings = settings.model_copy(update={"ray": Ray(address="127.0.0.1:1")})
    findings = {finding.subject: finding for finding in await examine(settings, {})}
    assert not findings["cluster"].well
    assert "127.0.0.1:1" in findings["cluster"].text
