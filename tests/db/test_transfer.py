"""Everything put into another database: from SQLite to PostgreSQL and back, read there by today's code."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from db_fixtures import Postgres, sqlite_url
from db_samples import ALICE, BOB, CHANNEL, GUILD
from sqlalchemy import Connection, NullPool, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from test_privacy_rows import everything_about

from config.data_lock import data_lock
from config.settings import ConfigError
from db.audit import Act, Audit, append
from db.base import Base, utc_now
from db.conduct import Bar, Conduct, Sanction
from db.defaults import Defaults
from db.engine import WRITES, make_engine
from db.errors import DatabaseInUse
from db.guilds import Guilds
from db.history import History
from db.jobs import Jobs
from db.migration import _config
from db.never_again import NeverAgain
from db.offers import Offer, Offers
from db.outbox import Outbox
from db.presets import Owner, Preset, Presets
from db.privacy import Privacy
from db.search import Criteria
from db.session import Database
from db.shares import Standing
from db.tables.choice import ChoiceRow
from db.tables.person import PersonRow
from db.tables.removal import RemovalRow
from db.transfer import PART, copy, transfer

MOMENT = datetime(2026, 3, 29, 1, 30, 0, 123456, UTC)
WORDS = "naïve façade, 狐の絵 🦊"


@pytest.fixture
def target_url(database: Database, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of the other kind, in which nothing is yet."""
    if not database.is_sqlite:
        yield sqlite_url(tmp_path / "target" / "imagine.db")
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture
async def target(target_url: str) -> AsyncIterator[Database]:
    async with Database(target_url) as database:
        yield database


@pytest.fixture
async def lived_in(database: Database, jobs: Jobs, made: Any, new_job: Any) -> Database:
    """A database with rows in every table."""
    record = await everything_about(database, made, ALICE)
    await made(user_id=BOB, parent_id=record, reproduces=record, record={"prompt": WORDS, "seed": (1 << 63) - 1})
    await jobs.submit(new_job(request={"prompt": WORDS, "seed": 0, "scale": 0.1}, sheet={"rows": ["狐"], "none": None}))
    await jobs.keep([Standing(path="", tag=0.1 + 0.2, clock=1e300, last_served=1 << 40, arrived=3)])
    await Conduct(database).impose(Sanction(user_id=BOB, guild_id=GUILD, bar=Bar.TIME_OUT, until=MOMENT, by=ALICE))
    await Guilds(database).set_rules_off(GUILD, ("gore", "politics"), by=BOB)
    await NeverAgain(database).add(GUILD, "ab" * 32, by=BOB)
    await Presets(database).save(Owner(user_id=ALICE), Preset(name="ukiyo", template="{prompt}, 浮世絵"), ALICE, 10)
    await Defaults(database).change(Owner(guild_id=GUILD), {"steps": 20}, by=BOB)
    await Offers(database).put(Offer(id="0123456789", user_id=ALICE, request={"prompt": "it's"}, notes=[{"key": "x"}]))
    await Privacy(database).ask(BOB)
    async with database.transaction() as session:
        session.add(RemovalRow(message_id=(1 << 62) + 1, channel_id=CHANNEL))
        session.add(ChoiceRow(name="rows of a card", value=8))
    return database


@pytest.fixture
async def copied(lived_in: Database, target: Database) -> Database:
    await copy(lived_in, target)
    return target


async def rows_of(database: Database) -> dict[str, list[dict[str, Any]]]:
    async with database.reading() as session:
        return {
            table.name: [
                dict(row) for row in (await session.execute(table.select().order_by(*table.primary_key))).mappings()
            ]
            for table in Base.metadata.sorted_tables
        }


async def number_of(database: Database, table: type[Base]) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_every_table_has_the_same_rows_on_the_other_side(lived_in: Database, target: Database) -> None:
    counts = await copy(lived_in, target)
    rows = await rows_of(target)

    assert all(rows[table] for table in Base.metadata.tables), "a table without a row shows nothing: give it one above"
    assert rows == await rows_of(lived_in)
    assert counts == {table: len(of_table) for table, of_table in rows.items()}


async def test_the_history_finds_by_words_what_it_found_before(lived_in: Database, copied: Database) -> None:
    pages = [
        [
            await History(each).search(ALICE, {CHANNEL}, criteria=Criteria(words=words))
            for words in ("quince", "facade", "狐", "quince -facade", '"façade 狐"')
        ]
        for each in (lived_in, copied)
    ]

    assert pages[0] == pages[1]
    assert [page.total for page in pages[1]] == [1, 1, 1, 1, 1]


async def test_what_is_copied_can_be_found_and_forgotten(copied: Database) -> None:
    history = History(copied)
    found = await history.search(BOB, {CHANNEL}, criteria=Criteria(words="façade"))
    asked = await Privacy(copied).ask(BOB)
    async with copied.transaction() as session:
        await session.execute(text("UPDATE outbox SET state = 'sent'"))
    erased = await Privacy(copied).erase(BOB, asked, utc_now())

    assert [record.seed for record in found.records] == [(1 << 63) - 1]
    assert erased.complete
    assert (await history.search(BOB, {CHANNEL}, criteria=Criteria(words="façade"))).total == 0


async def test_what_waits_still_waits(lived_in: Database, copied: Database) -> None:
    waiting, due = await Jobs(copied).pending(), await Outbox(copied).due(utc_now(), 100)

    assert waiting == await Jobs(lived_in).pending()
    assert [job.request["prompt"] for job in waiting] == [WORDS]
    assert due == await Outbox(lived_in).due(utc_now(), 100)
    assert len(due) == 2


async def test_the_audit_log_is_whole_and_goes_on(lived_in: Database, copied: Database) -> None:
    head = await Audit(copied).head()
    assert head == await Audit(lived_in).head()
    assert await Audit(copied).verify() is None

    async with copied.transaction() as session:
        await append(session, Act(action="copied"))

    assert await Audit(copied).verify() is None
    assert (await Audit(copied).head()).entries == head.entries + 1
    with pytest.raises(DBAPIError, match="append-only"):
        async with copied.transaction() as session:
            await session.execute(text("UPDATE audit SET action = 'nothing'"))


async def test_numbers_go_on_after_those_that_were_copied(copied: Database, new_job: Any) -> None:
    last = max(job.id for job in await Jobs(copied).pending())

    job, is_new = await Jobs(copied).submit(new_job(interaction_id=7))
    strikes = await Conduct(copied).strikes(ALICE)

    assert (job.id, is_new) == (last + 1, True)
    assert [strike.refusal_id for strike in strikes] == [1]


async def test_tables_that_point_at_each_other_do_so_as_strictly_as_before(copied: Database, new_job: Any) -> None:
    with pytest.raises(IntegrityError):
        await Jobs(copied).submit(new_job(interaction_id=7, parent_id="0000000000"))


async def test_a_table_of_many_parts_comes_over_whole(database: Database, target: Database) -> None:
    count = 2 * PART + 1
    async with database.writing() as connection:
        await connection.execute(insert(RemovalRow), [{"message_id": n, "channel_id": 1} for n in range(count)])

    assert (await copy(database, target))["removals"] == count
    assert await number_of(target, RemovalRow) == count


async def test_rows_of_an_older_schema_come_over_in_todays(empty_url: str, tmp_path: Path) -> None:
    engine = make_engine(empty_url, poolclass=NullPool, execution_options={WRITES: True})
    async with engine.begin() as connection:
        await connection.run_sync(first_schema)
        await connection.execute(text("INSERT INTO people VALUES (1, '1', '2026-03-29 01:30:00+00:00')"))
    await engine.dispose()

    async with Database(empty_url) as old, Database(sqlite_url(tmp_path / "new.db")) as new:
        assert (await copy(old, new))["people"] == 1
        assert await new.revision() == await old.revision() != "0001"


def first_schema(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")


async def test_where_one_row_does_not_fit_nothing_is_copied(lived_in: Database, target: Database) -> None:
    await Presets(lived_in).save(Owner(user_id=BOB), Preset(name="ukiyo", template="{prompt}, 浮世絵"), BOB, 10)
    await target.migrate()
    async with target.transaction() as session:
        await session.execute(text("CREATE UNIQUE INDEX only_one ON presets (template)"))
    with pytest.raises(IntegrityError):
        await copy(lived_in, target)
    left = await rows_of(target)
    async with target.transaction() as session:
        await session.execute(text("DROP INDEX only_one"))

    assert [name for name, of_table in left.items() if of_table] == ["audit_head"]
    assert (await copy(lived_in, target))["presets"] == 2


async def test_a_database_with_rows_is_left_alone(lived_in: Database, target: Database) -> None:
    await target.migrate()
    async with target.transaction() as session:
        session.add(PersonRow(user_id=1, licence_version="1"))

    with pytest.raises(ConfigError, match=r"has rows \(people\)"):
        await copy(lived_in, target)

    assert await Jobs(target).pending() == []


async def test_where_no_bot_was_there_is_nothing_to_copy(database: Database, target: Database) -> None:
    with pytest.raises(ConfigError, match="no bot has used"):
        await copy(target, database)


async def test_neither_side_may_be_in_use(database: Database, target_url: str, tmp_path: Path) -> None:
    here = tmp_path / "data"
    for source, target in ((database.url, target_url), (target_url, database.url)):
        async with data_lock(folder_of_the_file(source, target)):
            with pytest.raises(ConfigError, match="another bot is using"):
                await transfer(source, target, here)
    async with Database(database.url if not database.is_sqlite else target_url) as server, server.held():
        with pytest.RaisesGroup(DatabaseInUse, allow_unwrapped=True, flatten_subgroups=True):
            await transfer(database.url, target_url, here)
    async with data_lock(here):
        with pytest.raises(ConfigError, match="another bot is using"):
            await transfer(database.url, target_url, here)

    assert (await transfer(database.url, target_url, here))["audit_head"] == 1


def folder_of_the_file(*addresses: str) -> Path:
    return next(Path(each.partition(":///")[2]).parent for each in addresses if each.startswith("sqlite"))
