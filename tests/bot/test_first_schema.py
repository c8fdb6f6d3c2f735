"""A database of the first schema, as a bot of that time left it, in the hands of today's."""

import asyncio
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from bot_kit import House, channel_of, open_house, open_jobs
from guest import record_ids
from PIL import Image
from sqlalchemy import Connection, MetaData, NullPool, select

from db.engine import WRITES, make_engine
from db.images import FolderStore
from db.migration import _config
from db.session import Database
from db.tables.outbox import DeliveryState, OutboxRow
from local_discord.server import LocalDiscord

FIRST = "0001"
THEN = datetime(2026, 11, 1, 12, tzinfo=UTC)
Rows = dict[str, list[dict[str, Any]]]


def at(minutes: int) -> datetime:
    return THEN + timedelta(minutes=minutes)


def request(prompt: str, seed: int, **changes: Any) -> dict[str, Any]:
    """Return a request as it was written then."""
    return {
        "task": "text_to_image",
        "checkpoint": "demo",
        "prompt": prompt,
        "negative_prompt": "",
        "seed": seed,
        "width": 256,
        "height": 256,
        "num_inference_steps": 20,
        "guidance_scale": 7.5,
        "sampler": "DDIM",
        "count": 1,
        "source": None,
        "strength": None,
        "factor": None,
    } | changes


def job(number: int, asked: dict[str, Any], place: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "interaction_id": 1000 + number,
        "action": "imagine",
        "request": asked,
        "locale": "en-US",
        "private": False,
        "age_restricted": False,
        "pictures": asked["count"],
        "status": "done",
        "fence": 1,
        "attempts": 1,
        "cost": 2.5,
        "seconds": 2.0,
        "created_at": at(number),
        "started_at": at(number),
        "finished_at": at(number),
        "message_id": 5000 + number,
        "notes": [],
        **place,
        **changes,
    }


def record(name: str, of: dict[str, Any], sha256: str, index: int = 0) -> dict[str, Any]:
    asked = of["request"]
    of_request = (
        "prompt",
        "negative_prompt",
        "width",
        "height",
        "task",
        "checkpoint",
        "sampler",
        "num_inference_steps",
    )
    of_job = (
        "user_id",
        "guild_id",
        "channel_id",
        "message_id",
        "private",
        "age_restricted",
        "created_at",
        "started_at",
    )
    return {
        "id": name,
        "job_id": of["id"],
        "index": index,
        "sha256": sha256,
        "seed": asked["seed"] + index,
        "checkpoint_revision": "1" * 40,
        "guidance_scale": asked["guidance_scale"],
        "strength": asked["strength"],
        "request": asked | {"seed": asked["seed"] + index, "count": 1},
        "fingerprint": {"torch": "2.13.0", "device": "cpu"},
        "pixels_sha256": "2" * 64,
        "finished_at": of["finished_at"],
        "seconds": 2.0,
        **{each: asked[each] for each in of_request},
        **{each: of[each] for each in of_job},
    }


def message(number: int, job_id: int, kind: str, state: str) -> dict[str, Any]:
    values = {"id": number, "job_id": job_id, "kind": kind, "nonce": f"nonce-{number}", "state": state, "tries": 0}
    sent = {"message_id": 5000 + job_id, "sent_at": at(job_id)} if state == "sent" else {}
    return values | {"next_try_at": at(job_id), "created_at": at(job_id)} | sent


async def rows_of_then(server: LocalDiscord, store: FolderStore) -> Rows:
    """Return a few rows of every table there was, and put the pictures that they name into the store."""
    studio = channel_of(server, "studio")
    ada = next(user.id for user in server.core.world.users.values() if user.name == "ada")
    place = {"user_id": ada, "guild_id": studio.guild_id, "channel_id": studio.id}
    red, blue, varied, untold, sent = [
        await store.put(picture(each)) for each in ("red", "blue", "pink", "gold", "tan")
    ]
    first = job(1, request("a quince and a pear", 7, count=2), place)
    vary = {"task": "image_to_image", "source": red, "strength": 0.5}
    second = job(2, request("a quince at night", 9, **vary), place, action="vary")
    failed = job(3, request("nothing", 1), place, status="failed", attempts=3, error_key="jobs.failed_inside")
    late = job(4, request("a lantern", 3), place, message_id=None)
    fresh = {"status": "pending", "fence": 0, "attempts": 0, "seconds": None, "message_id": None, "finished_at": None}
    waits = job(5, request("a waiting kite", 5), place, **fresh | {"started_at": None})
    leased = {"status": "leased", "fence": 1, "attempts": 1, "worker": "local/0", "lease_until": at(7)}
    held = job(6, request("a kite in hand", 6), place, **fresh | leased)
    return {
        "people": [{"user_id": ada, "licence_version": "1", "licence_accepted_at": THEN}],
        "uploads": [{"sha256": sent, "user_id": ada, "width": 64, "height": 64, "created_at": THEN}],
        "jobs": [first, second, failed, late, waits, held],
        "records": [
            record("AAAAAAAAA1", first, red),
            record("AAAAAAAAA2", first, blue, 1),
            record("AAAAAAAAA3", second, varied),
            record("AAAAAAAAA4", late, untold),
        ],
        "lineage": [{"child_id": "AAAAAAAAA3", "parent_id": "AAAAAAAAA1", "kind": "vary"}],
        "outbox": [
            message(1, 1, "result", "sent"),
            message(2, 2, "result", "sent"),
            message(3, 3, "failure", "sent"),
            message(4, 4, "result", "waiting"),
        ],
    }


def picture(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (256, 256), colour).save(file, "PNG")
    return file.getvalue()


def write(connection: Connection, rows: Rows) -> None:
    """Make the first schema, and put the rows into it."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, FIRST)
    for table, of_table in rows.items():
        for row in of_table:
            connection.execute(_table(connection, table).insert().values(without_number(row)))


def without_number(row: dict[str, Any]) -> dict[str, Any]:
    """Return what is inserted: the database counts from one by itself, and goes on from there."""
    return {column: value for column, value in row.items() if not (column == "id" and isinstance(value, int))}


def read(connection: Connection, rows: Rows) -> Rows:
    """Return the same rows as they are now, in the columns that they had."""
    found: Rows = {}
    for name, of_table in rows.items():
        table = _table(connection, name)
        columns = [table.c[column] for column in _columns(of_table)]
        found[name] = [dict(row._mapping) for row in connection.execute(select(*columns).order_by(*columns[:2]))]
    return found


def _table(connection: Connection, name: str) -> Any:
    metadata = MetaData()
    metadata.reflect(connection, only=[name], resolve_fks=False)
    return metadata.tables[name]


def _columns(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(column for row in rows for column in row))


def expected(rows: Rows) -> Rows:
    """Return the rows with all that some of their table have."""
    return {
        name: [{column: row.get(column) for column in _columns(of_table)} for row in of_table]
        for name, of_table in rows.items()
    }


def in_utc(rows: Rows) -> Rows:
    """Return the rows with moments that have a zone: SQLite keeps none, and all are in UTC."""
    return {
        name: [
            {
                column: value.replace(tzinfo=value.tzinfo or UTC) if isinstance(value, datetime) else value
                for column, value in row.items()
            }
            for row in of_table
        ]
        for name, of_table in rows.items()
    }


@pytest.fixture
async def rows(server: LocalDiscord, tmp_path: Path) -> Rows:
    return await rows_of_then(server, FolderStore(tmp_path / "pictures"))


@pytest.fixture
async def old(empty_url: str, rows: Rows) -> str:
    """The address of a database as a bot of the first schema left it."""
    engine = make_engine(empty_url, poolclass=NullPool, execution_options={WRITES: True})
    async with engine.begin() as connection:
        await connection.run_sync(write, rows)
    await engine.dispose()
    return empty_url


async def test_every_row_of_the_first_schema_is_still_there_after_all_migrations(old: str, rows: Rows) -> None:
    async with Database(old) as database:
        assert await database.revision() == FIRST
        await database.migrate()
        async with database.reading() as session:
            now = await (await session.connection()).run_sync(read, rows)

    assert in_utc(now) == expected(rows)


async def test_what_the_first_schema_left_undone_is_done_and_its_history_is_found(
    old: str, server: LocalDiscord, tmp_path: Path
) -> None:
    async with Database(old) as database:
        await database.migrate()
        async with open_house(server, database, tmp_path) as house:
            ada = house.guest()
            await all_is_told(house, database)
            told = [message for message in await ada.messages() if message["attachments"]]
            history = await ada.type("/history search:quince")
            shown = await ada.type("/show AAAAAAAAA3")
            family = await ada.type("/lineage picture:AAAAAAAAA3")
            varied = await ada.type("/vary picture:AAAAAAAAA2")

    assert sorted(prompt_of(each) for each in told) == ["a kite in hand", "a lantern", "a waiting kite"]
    assert record_ids(next(each for each in told if prompt_of(each) == "a lantern")) == ["AAAAAAAAA4"]
    assert all(name in str(history) for name in ("AAAAAAAAA1", "AAAAAAAAA2", "AAAAAAAAA3"))
    assert "AAAAAAAAA4" not in str(history)
    assert "a quince at night" in str(shown)
    assert "AAAAAAAAA1" in str(family)
    assert varied["attachments"]


async def all_is_told(house: House, database: Database) -> None:
    """Return once nothing waits, is made, or is to be told."""
    waiting = select(OutboxRow.id).where(OutboxRow.state == DeliveryState.WAITING)
    async with asyncio.timeout(60):
        while True:
            async with database.reading() as session:
                untold = (await session.scalars(waiting)).all()
            if not untold and not await open_jobs(house):
                return
            await asyncio.sleep(0.1)


def prompt_of(message: dict[str, Any]) -> str:
    prompts = ("a kite in hand", "a lantern", "a waiting kite")
    return next(each for each in prompts if each in message["content"])
