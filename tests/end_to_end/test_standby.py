"""One database, two machines: the first is killed in the middle, and the second goes on."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from audit import complaints
from chaos import Weather, endure, make_old, settings_for, settle, shared_by_machines, sweep
from db_fixtures import Postgres, postgres_server
from evidence import gather_evidence
from guest import Guest
from processes import joining, running_bot, running_chat_server, starting_bot
from test_chaos import SEED, check
from test_command_line import run
from test_restart import start

STANDBY = {"IMAGINE_STANDBY": "true"}
PATIENCE = 300.0  # seconds


@pytest.fixture
def url(postgres: Postgres) -> Iterator[str]:
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.mark.timeout(600)  # its parts wait for each other, on however slow a machine
async def test_a_standby_takes_over_from_a_bot_that_is_killed(tmp_path: Path, url: str) -> None:
    with running_chat_server() as world:
        settings = joining(world) | settings_for(tmp_path, url, 20) | shared_by_machines(tmp_path) | STANDBY
        one, two = tmp_path / "one", tmp_path / "two"
        async with aiohttp.ClientSession() as session:
            ada = Guest(session, world["page"])
            with running_bot(one, **settings) as first, starting_bot(two, **settings) as standby:
                shown = await ada.follow(await start(ada, "/imagine before the fall steps:2"), patience=PATIENCE)
                await asyncio.to_thread(standby.says, "stands by")
                asked = [await start(ada, f"/imagine {words} steps:40 count:4") for words in ("one", "two", "three")]
                first.kill()
                killed = time.monotonic()
                second = await asyncio.to_thread(standby.ready)
                print(f"the standby was ready {time.monotonic() - killed:.1f} s later")
                ends = [await ada.follow(each, patience=PATIENCE) for each in asked]
                varied = await ada.press(shown, "Vary")
                with starting_bot(tmp_path / "three", **settings) as unneeded:
                    await asyncio.to_thread(unneeded.says, "stands by")
                with starting_bot(one, **settings) as back:
                    await asyncio.to_thread(back.says, "stands by")
                    await settle(url, PATIENCE)
                    await make_old(tmp_path / "pictures", url)
                    await asyncio.to_thread(second.stop)
                    await asyncio.to_thread(back.ready)
                    await sweep(tmp_path / "pictures", url)  # of what the killed one left
        left = await gather_evidence(url, tmp_path / "pictures", [one / "spool", two / "spool"], world)

    assert [len(each["attachments"]) for each in ends] == [4, 4, 4]
    assert varied["attachments"]
    assert max(job.attempts for job in left.jobs) == 2, "nothing was in the middle"
    assert complaints(left) == []
    assert [each.process.returncode for each in (unneeded, second, back)] == [0, 0, 0]


def test_doctor_says_what_a_standby_would_not_share_with_the_other_machine(tmp_path: Path, url: str) -> None:
    ill = run(tmp_path / "data", "doctor", IMAGINE_DATABASE=url, **STANDBY)
    well = run(tmp_path / "data", "doctor", IMAGINE_DATABASE=url, **STANDBY, **shared_by_machines(tmp_path))

    assert [each.returncode for each in (ill, well)] == [1, 0]
    assert "PROBLEM  standby: another machine would have others: key (IMAGINE_KEY), pictures" in ill.stdout


def test_a_standby_without_a_database_for_both_is_told_so(tmp_path: Path) -> None:
    wrong = run(tmp_path / "data", **STANDBY)

    assert wrong.returncode == 2
    assert "standby: two machines share a PostgreSQL database" in wrong.stderr


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_a_storm_over_two_machines_leaves_everything_in_order(tmp_path: Path) -> None:
    weather = Weather(SEED, blows=60, pending=24, patience=300, pair=True)
    with postgres_server() as server:
        url = await asyncio.to_thread(server.create)
        check(await endure(weather, tmp_path, url, lambda: asyncio.to_thread(server.crash)))
