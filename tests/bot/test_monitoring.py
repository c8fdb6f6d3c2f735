"""What the parts of a running bot tell those who watch it."""

import asyncio
from pathlib import Path

from bot_kit import House
from db_fixtures import sqlite_url
from fakes import draw, fail
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bot.overview import Overview
from db.images import FolderStore
from db.outbox import Outbox
from db.session import Database
from inference.executor import WorkerState
from inference.protocol import FailureKind


def counted(house: House, name: str) -> dict[str, float]:
    """Return the samples of a metric that are not zero, by the values of their labels."""
    text = generate_latest(house.metrics.registry).decode()
    samples = [each for family in text_string_to_metric_families(text) for each in family.samples]
    return {" ".join(each.labels.values()): each.value for each in samples if each.name == name and each.value}


async def delivered(house: House, count: int) -> None:
    """Return once so many messages are written down as sent, which is after people see them."""
    async with asyncio.timeout(20):
        while counted(house, "imagine_deliveries_total").get("sent", 0) < count:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.02)


async def test_a_job_is_counted_on_its_whole_way(house: House) -> None:
    house.executor.outcomes = [fail(FailureKind.WORKER_LOST), draw]
    told = await house.guest().type("/imagine a red circle count:2")
    await delivered(house, 1)
    guild = house.client.guilds[0].id

    assert told["attachments"]
    assert counted(house, "imagine_attempts_total") == {"lost": 1, "drawn": 1}
    assert counted(house, "imagine_pictures_total") == {"": 2}
    assert counted(house, "imagine_gpu_seconds_total")[str(guild)] >= 0.5
    assert counted(house, "imagine_wait_seconds_count") == {"": 1}
    assert counted(house, "imagine_answer_seconds_count") == {"": 1}
    assert counted(house, "imagine_deliveries_total") == {"sent": 1}


async def test_what_the_policy_refuses_is_counted_by_its_clause(strict_house: House) -> None:
    ada = strict_house.guest()
    for prompt in ("a castle", "a castle", "a bridge"):
        await ada.type(f"/imagine {prompt}")

    assert sorted(counted(strict_house, "imagine_refusals_total").values()) == [1, 2]
    assert counted(strict_house, "imagine_refusals_total")["gore"] == 2


async def test_the_overview_sees_what_waits_and_what_runs(house: House) -> None:
    guests = [house.guest(name) for name in ("ada", "ben")]
    for guest in guests:
        await guest.type("/imagine a red circle")
    house.executor.go_on.clear()
    for guest in guests:
        started = await guest.post("run", {"channel": guest.channel, "text": "/imagine a red circle count:2"})
        await guest.get(f"interactions/{started['interaction']}", wait=20)
    async with asyncio.timeout(20):
        while not (now := await house.overview.look()).waiting.jobs:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.02)

    assert {worker: list(checkpoints) for worker, checkpoints in now.running.items()} == {"fake": ["demo"]}
    assert (now.waiting.jobs, now.waiting.pictures, now.waiting.guilds) == (1, 2, 1)
    assert now.waiting.largest >= now.waiting.cost > 0
    assert now.waiting.slack == 5
    assert (now.connected, now.ready, now.broken) == (1, 1, 0)
    assert now.outbox is not None
    assert now.pictures


async def test_the_costliest_job_counts_while_it_runs_too(house: House) -> None:
    ada = house.guest("ada")
    await ada.type("/imagine a red circle")
    house.executor.go_on.clear()
    await ada.post("run", {"channel": ada.channel, "text": "/imagine a red circle count:2"})
    async with asyncio.timeout(20):
        while not (now := await house.overview.look()).running:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.02)

    assert now.waiting.jobs == 0
    assert now.waiting.largest > 0


async def test_the_overview_tells_of_a_lost_gateway_and_of_broken_workers(house: House) -> None:
    house.executor.state = WorkerState.BROKEN
    await house.client.close()
    now = await house.overview.look()

    assert (now.connected, now.ready, now.broken) == (0, 0, 1)


async def test_a_database_and_a_store_that_do_not_answer_are_told_and_do_no_harm(house: House, tmp_path: Path) -> None:
    nowhere = Database(sqlite_url(tmp_path / "nowhere" / "test.db"))
    store = FolderStore(tmp_path)
    store.answers = False
    overview = Overview(
        gateway=dict,
        dispatcher=house.studio.dispatcher,
        executor=house.executor,
        outbox=Outbox(nowhere),
        clerks={},
        store=store,
        slack=5.0,
    )

    now = await overview.look()

    assert now.outbox is None
    assert not now.pictures
