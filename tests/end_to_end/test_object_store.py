"""Pictures in an object store and rows in PostgreSQL: the way of a bot that may move to any machine."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from audit import complaints
from chaos import settings_for, settle
from db_fixtures import Postgres
from evidence import gather_evidence
from guest import Guest, record_ids
from object_server import object_server
from processes import joining, running_bot, running_chat_server
from test_restart import start

PATIENCE = 200.0  # seconds


@pytest.fixture
def url(postgres: Postgres) -> Iterator[str]:
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.mark.slow
@pytest.mark.timeout(400)  # on however slow a machine
async def test_pictures_come_from_a_bucket_and_a_bucket_that_goes_away_loses_none(tmp_path: Path, url: str) -> None:
    with running_chat_server() as world, object_server(tmp_path / "objects") as bucket:
        settings = settings_for(tmp_path, url, 20) | joining(world) | bucket.environment
        settings["IMAGINE_PICTURES"] = "s3://pictures/of the bot"
        async with aiohttp.ClientSession() as session:
            ada = Guest(session, world["page"])
            with running_bot(tmp_path / "data", **settings):
                made = await ada.follow(await start(ada, "/imagine a quince seed:0 steps:2"), patience=PATIENCE)
                [record_id] = record_ids(made)
                varied = await ada.type(f"/vary picture:{record_id}")
                again = await ada.type(f"/reproduce {record_id}")
                bucket.stop()
                waiting = await start(ada, "/imagine a pear steps:2")
                told = await ada.follow(await start(ada, f"/show {record_id}"), patience=PATIENCE)
                await asyncio.to_thread(bucket.start)
                end = await ada.follow(waiting, patience=PATIENCE)
                await settle(url, PATIENCE)
        left = await gather_evidence(url, bucket.folder, [tmp_path / "data" / "spool"], world)

    assert varied["attachments"]
    assert "Identical" in again["content"]
    assert "cannot be reached at present" in told["content"]
    assert end["attachments"]
    assert complaints(left) == []
    assert not (tmp_path / "data" / "pictures").exists()
