"""Sessions: all or nothing, one writer after the other, and words for the operator."""

import asyncio
import math
import os
import signal
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from db_fixtures import postgres_server
from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from config.settings import ConfigError
from db import hold
from db.base import Base, value_of
from db.engine import RESTED_SECONDS, WATCHED
from db.errors import DatabaseAway, DatabaseInUse, DatabaseUnreachable, HoldLost, is_away
from db.hold import ONE_BOT, Pace
from db.jobs import Job, JobStatus, NewJob
from db.people import People
from db.session import Database
from db.tables.job import JobRow
from db.tables.outbox import Message, OutboxRow
from db.tables.person import PersonRow
from db.tables.record import NewRecord, Record, RecordRow


@pytest.mark.parametrize(("value", "row"), [(Job, JobRow), (Record, RecordRow), (Message, OutboxRow)])
def test_a_value_has_what_its_row_has(value, row: type[Base]):
    to_search_in = {"words"}  # nobody reads them
    assert set(value.__dataclass_fields__) == set(row.__table__.columns.keys()) - to_search_in


async def test_an_exception_undoes_the_whole_transaction(database):
    with pytest.raises(RuntimeError, match="halfway"):
        await write_and_break(database)

    async with database.reading() as session:
        assert await session.get(PersonRow, 1) is None


async def write_and_break(database: Database) -> None:
    async with database.transaction() as session:
        session.add(PersonRow(user_id=1, licence_version="1"))
        await session.flush()
        raise RuntimeError("halfway")


@pytest.mark.parametrize("way", ["transaction", "writing", "reading"])
async def test_a_cancellation_at_any_moment_leaves_no_lock_and_no_traceback(database, way, caplog):
    async def work() -> None:
        while True:
            async with getattr(database, way)() as session:
                await session.execute(text("SELECT 1"))

    for moment in range(60):
        task = asyncio.create_task(work())
        await asyncio.sleep(0.002 + moment / 20_000)
        task.cancel()
        _, waiting = await asyncio.wait([task], timeout=10)
        assert not waiting  # for a lock that a cancelled one left behind
        assert task.cancelled()
    assert not caplog.records


async def test_a_cancelled_writer_holds_nobody_up(database):
    entered = asyncio.Event()

    async def dawdle() -> None:
        async with database.transaction() as session:
            session.add(PersonRow(user_id=1, licence_version="1"))
            await session.flush()
            entered.set()
            await asyncio.sleep(3600)

    task = asyncio.create_task(dawdle())
    await entered.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    async with asyncio.timeout(5):
        await People(database).accept_licence(2, "1")
    async with database.reading() as session:
        assert await session.get(PersonRow, 1) is None


async def test_many_writers_in_two_pools_take_turns(database, database_url):
    async with Database(database_url) as other:
        await asyncio.gather(*(People((database, other)[user % 2]).accept_licence(user, "1") for user in range(60)))

    async with database.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM people")) == 60


async def test_who_looks_into_the_file_from_outside_takes_nothing_away(sqlite_file):
    url = f"sqlite+aiosqlite:///{sqlite_file}"
    async with Database(url) as database:
        await database.migrate()  # by an engine of its own, beside open connections
        await People(database).accept_licence(1, "1")
        assert await people_seen_from_outside(sqlite_file) == 1
        await People(database).accept_licence(2, "1")
        assert await people_seen_from_outside(sqlite_file) == 2


async def people_seen_from_outside(file: Path) -> int:
    look = f"import sqlite3; print(*sqlite3.connect({str(file)!r}).execute('SELECT count(*) FROM people').fetchone())"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", look, stdout=asyncio.subprocess.PIPE)
    answer, _ = await process.communicate()
    return int(answer)


async def test_a_reader_does_not_wait_for_a_writer(database):
    async with database.transaction() as session:
        session.add(PersonRow(user_id=1, licence_version="1"))
        await session.flush()
        async with asyncio.timeout(5):
            assert not await People(database).has_accepted(1, "1")

    assert await People(database).has_accepted(1, "1")


async def test_waiting_writers_leave_connections_to_the_readers(database):
    people = People(database)
    async with database.transaction() as session:
        session.add(PersonRow(user_id=1000, licence_version="1"))
        await session.flush()
        writers = [asyncio.create_task(people.accept_licence(user, "1")) for user in range(40)]
        await asyncio.sleep(0.05)
        async with asyncio.timeout(5):
            assert not await people.has_accepted(1000, "1")

    await asyncio.gather(*writers)


async def test_sqlite_is_set_to_lose_nothing(sqlite_database):
    async with sqlite_database.reading() as session:
        found = {
            pragma: await session.scalar(text(f"PRAGMA {pragma}"))
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


async def test_moments_keep_their_instant_and_come_back_in_utc(database):
    noon = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    async with database.transaction() as session:
        session.add(PersonRow(user_id=1, licence_version="1", licence_accepted_at=noon))

    async with database.reading() as session:
        found = (await session.get_one(PersonRow, 1)).licence_accepted_at
    assert found == noon
    assert found.utcoffset() == timedelta(0)


async def test_a_moment_without_a_zone_is_refused(database):
    with pytest.raises(StatementError, match="without a time zone"):
        async with database.transaction() as session:
            session.add(PersonRow(user_id=1, licence_version="1", licence_accepted_at=datetime(2026, 7, 1)))


SUBMIT_CLAIM_DIE = """
import asyncio, os, signal, sys
from db.jobs import Jobs, NewJob
from db.session import Database
from db.tables.person import PersonRow

async def main(url):
    async with Database(url) as database:
        jobs = Jobs(database)
        new = NewJob(interaction_id=1, action="imagine", request={}, user_id=2, channel_id=3, pictures=1, cost=1.0)
        job, _ = await jobs.submit(new)
        await jobs.claim(job.id, "local/0", 60)
        async with database.transaction() as session:
            session.add(PersonRow(user_id=1, licence_version="1"))
            await session.flush()
            os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(sys.argv[1]))
"""


async def test_a_killed_process_loses_no_job_and_leaves_no_lock(database, database_url, jobs):
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", SUBMIT_CLAIM_DIE, database_url)
    assert await asyncio.wait_for(process.wait(), 30) == -signal.SIGKILL

    (job,) = await jobs.open_of(2)
    assert (job.interaction_id, job.worker) == (1, "local/0")
    await jobs.take_back([job.id])
    again = await jobs.claim(job.id, "local/0", 60)
    assert (again.status, again.fence, again.attempts) == (JobStatus.LEASED, 2, 2)
    assert not await People(database).has_accepted(1, "1")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql+asyncpg://bot:hunter2@127.0.0.1:1/imagine", r"bot:\*\*\*@127\.0\.0\.1:1/imagine does not answer"),
        ("sqlite+aiosqlite:////proc/nowhere/x.db", "/proc/nowhere/x.db cannot be written"),
        ("sqlite+aiosqlite:////proc/x.db", "/proc/x.db cannot be written"),
    ],
)
async def test_an_unreachable_database_is_named_without_its_password(url, words):
    with pytest.raises(DatabaseUnreachable, match=words) as raised:
        async with Database(url):
            pass

    assert "hunter2" not in str(raised.value)


async def test_a_file_that_is_no_database_is_named_and_left_as_it_is(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("not a database" * 100)

    with pytest.raises(DatabaseUnreachable, match="not a database"):
        async with Database(f"sqlite+aiosqlite:///{file}"):
            pass

    assert file.read_text() == "not a database" * 100


async def test_a_server_that_goes_away_while_a_bot_starts_is_named():
    with postgres_server() as server:
        async with Database(await asyncio.to_thread(server.create)) as database:
            await database.migrate()
            await asyncio.to_thread(server.crash)
            with pytest.raises(DatabaseUnreachable, match="does not answer"), database.needed():
                async with database._writes.connect() as connection:
                    await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            with pytest.raises(IntegrityError), database.needed():
                async with database.transaction() as session:
                    await session.execute(text("INSERT INTO people (user_id) VALUES (NULL)"))


async def test_a_server_that_is_away_is_told_from_one_that_refuses(postgres):
    async with Database(await asyncio.to_thread(postgres.create)) as database:
        with pytest.raises(DBAPIError) as cut:
            async with database.reading() as session:
                await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        with pytest.raises(DBAPIError) as refused:
            async with database.reading() as session:
                await session.execute(text("SELECT nothing"))
    with pytest.raises(DatabaseAway) as nobody:
        async with Database("postgresql+asyncpg://bot@127.0.0.1:1/imagine").reading():
            pass

    assert is_away(cut.value)
    assert is_away(nobody.value)
    assert is_away(HoldLost())
    assert not is_away(refused.value)
    assert not is_away(OSError("a file is missing"))


async def test_a_connection_that_died_is_made_anew_unnoticed(postgres):
    async with Database(await asyncio.to_thread(postgres.create)) as database:
        died = await _backend(database)
        assert await _backend(database) == died
        os.kill(died, signal.SIGTERM)
        await asyncio.sleep(0.5 * RESTED_SECONDS)

        assert await _backend(database) != died


async def test_a_connection_that_rested_is_asked_whether_it_lives(postgres):
    async with Database(await asyncio.to_thread(postgres.create)) as database:
        died = await _backend(database)
        os.kill(died, signal.SIGTERM)
        time.sleep(1.1 * RESTED_SECONDS)  # noqa: ASYNC251 - so that nobody hears the server hang up

        assert await _backend(database) != died


async def _backend(database: Database) -> int:
    """Return the number of the server's process that serves the next transaction."""
    async with database.writing() as connection:
        return int((await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one())


async def test_a_server_that_starts_is_away():
    async def turn_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say what PostgreSQL says while it starts, in its protocol."""
        await reader.read(8)
        writer.write(b"N")  # no TLS
        await reader.read(1)
        fields = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
        writer.write(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
        writer.close()

    async with await asyncio.start_server(turn_away, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        with pytest.raises(Exception, match="starting up") as raised:
            async with Database(f"postgresql+asyncpg://bot@{host}:{port}/imagine").reading():
                pass

    assert is_away(raised.value)


async def test_a_missing_postgresql_database_is_named(postgres):
    with pytest.raises(DatabaseUnreachable, match='"nowhere" does not exist'):
        async with Database(postgres.url("nowhere")):
            pass


@pytest.mark.parametrize("url", ["imagine.db", "mysql://localhost/x", "sqlite+aiosqlite://", "sqlite:///x.db"])
def test_an_address_of_another_kind_is_refused(url):
    with pytest.raises(ConfigError, match="database: "):
        Database(url)


def test_new_values_are_the_start_of_whole_ones():
    assert issubclass(Job, NewJob)
    assert issubclass(Record, NewRecord)
    assert value_of(NewJob, JobRow(**vars(sample()))) == sample()


def sample() -> NewJob:
    return NewJob(interaction_id=1, action="imagine", request={}, user_id=2, channel_id=3, pictures=1, cost=1.0)


async def test_a_postgresql_database_serves_one_bot_at_a_time(database, database_url):
    if database.is_sqlite:
        pytest.skip("a SQLite file is guarded by the lock of its data folder")
    async with Database(database_url) as other:
        async with database.held():
            with pytest.raises(DatabaseInUse):
                await other.held(patience=0).__aenter__()
        async with other.held():
            pass


async def let_go_of(database: Database) -> None:
    """End the connection that holds the database, as a restart of its server does; return once it has ended."""
    holder = (
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks"
        " WHERE locktype = 'advisory' AND objid = :lock AND granted"
    )
    async with database.transaction() as session:
        await session.execute(text(holder), {"lock": ONE_BOT})


async def test_a_bot_whose_server_restarted_holds_its_database_again(database, database_url):
    if database.is_sqlite:
        pytest.skip("a SQLite file is guarded by the lock of its data folder")
    async with Database(database_url) as other, database.held(pace=Pace(look_every=3600)):
        await let_go_of(other)
        await until_held(other)
        await asyncio.sleep(0.2)  # until the news of it is here
        await People(database).accept_licence(1, "1")

        with pytest.raises(DatabaseInUse):
            await other.held(patience=0).__aenter__()


async def until_held(database: Database) -> None:
    """Return once some session has the lock."""
    holder = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = :lock AND granted")
    async with asyncio.timeout(10):
        while not await number(database, holder):  # noqa: ASYNC110 - another's news
            await asyncio.sleep(0.05)


async def number(database: Database, query: TextClause) -> int:
    async with database.reading() as session:
        return await session.scalar(query, {"lock": ONE_BOT})


async def test_a_session_whose_bot_is_gone_is_waited_for_and_said_so(database, database_url, caplog):
    """The server ends it, as it does once nothing has answered for some time."""
    if database.is_sqlite:
        pytest.skip("a SQLite file is guarded by the lock of its data folder")
    async with Database(database_url) as other, Database(database_url) as ghost:
        left_behind = hold.Hold(ghost._engine, patience=0)
        await left_behind.take()
        waiting = asyncio.create_task(other.held().__aenter__())
        await said(caplog, "process")
        assert not waiting.done()
        await let_go_of(database)

        async with asyncio.timeout(10):
            await waiting


@pytest.mark.parametrize("way", ["transaction", "writing", "reading", "held"])
async def test_the_server_is_told_to_look_whether_who_speaks_with_it_is_still_there(database, way):
    if database.is_sqlite:
        pytest.skip("a SQLite file is guarded by the lock of its data folder")
    query = text("SELECT name FROM pg_settings WHERE source = 'session' AND name = ANY(:watched)")
    async with getattr(database, way)() as session:
        asked = database._hold._connection if way == "held" else session

        assert set(await asked.scalars(query, {"watched": list(WATCHED)})) == set(WATCHED)


def test_an_open_transaction_is_undone_before_a_lost_lock_can_be_anothers():
    """Else a COMMIT that a network held back would come when another bot serves."""
    lock = [int(WATCHED[f"tcp_keepalives_{part}"]) for part in ("idle", "interval", "count")]

    assert (
        hold.PACE.good_for + int(WATCHED["idle_in_transaction_session_timeout"]) / 1000 <= lock[0] + lock[1] * lock[2]
    )


@pytest.mark.slow
async def test_a_transaction_that_a_vanished_bot_left_open_holds_up_its_successor_for_seconds(database, database_url):
    if database.is_sqlite:
        pytest.skip("a SQLite file is guarded by the lock of its data folder")
    await People(database).accept_licence(1, "1")
    async with Database(database_url) as ghost, ghost._engine.connect() as left_open:
        await left_open.execute(text("UPDATE people SET licence_version = '2'"))

        async with asyncio.timeout(40):
            await People(database).accept_licence(1, "3")
        with pytest.raises(DBAPIError):
            await left_open.execute(text("SELECT 1"))


async def test_a_bot_leaves_in_order_where_its_server_is_gone(database, database_url):
    if database.is_sqlite:
        pytest.skip("a SQLite file is guarded by the lock of its data folder")
    async with Database(database_url) as other, other.held():
        await let_go_of(database)


async def test_a_hold_is_let_go_of_while_it_is_being_looked_at(database):
    if database.is_sqlite:
        pytest.skip("a SQLite file is guarded by the lock of its data folder")
    for moment in range(60):
        async with database.held(patience=5, pace=Pace(look_every=0)):
            await asyncio.sleep(moment / 20_000)


async def test_a_standby_says_that_it_waits_and_takes_over_once_the_other_is_gone(database, database_url, caplog):
    if database.is_sqlite:
        pytest.skip("a SQLite file is guarded by the lock of its data folder")
    async with Database(database_url) as other, Database(database_url) as ghost:
        left_behind = hold.Hold(ghost._engine, patience=0)
        await left_behind.take()
        standing_by = asyncio.create_task(other.held(math.inf).__aenter__())
        await said(caplog, "stands by")
        await asyncio.sleep(2 * hold.TRY_EVERY)
        assert not standing_by.done()
        assert caplog.text.count("stands by") == 1
        await let_go_of(database)

        async with asyncio.timeout(10):
            await standing_by


async def test_a_standby_outlasts_a_server_that_ends_its_session(database, database_url, caplog):
    if database.is_sqlite:
        pytest.skip("a SQLite file is guarded by the lock of its data folder")
    others = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with Database(database_url) as other, Database(database_url) as ghost:
        left_behind = hold.Hold(ghost._engine, patience=0)
        await left_behind.take()
        standing_by = asyncio.create_task(other.held(math.inf, Pace(look_every=0.1)).__aenter__())
        await said(caplog, "stands by")
        async with database.transaction() as session:
            await session.execute(others)

        async with asyncio.timeout(10):
            await standing_by


async def said(caplog: pytest.LogCaptureFixture, words: str) -> None:
    """Return once the log says so."""
    async with asyncio.timeout(10):
        while words not in caplog.text:  # noqa: ASYNC110 - another's news
            await asyncio.sleep(0.05)


async def test_nothing_is_written_between_the_loss_of_a_database_and_its_return(database, database_url):
    if database.is_sqlite:
        pytest.skip("a SQLite file is guarded by the lock of its data folder")
    async with Database(database_url) as other, other.held(pace=Pace(look_every=3600)):
        await People(other).accept_licence(1, "1")
        with pytest.raises(HoldLost):
            await lose_within_a_transaction(other, database)
        with pytest.raises(HoldLost):
            await People(other).accept_licence(3, "1")

        assert [await People(database).has_accepted(user, "1") for user in (1, 2, 3)] == [True, False, False]


async def admit(database: Database, lets_in: bool) -> None:
    """Let the server admit new sessions, or none, as one does that is away for a while."""
    change = "UPDATE pg_database SET datallowconn = :lets_in WHERE datname = current_database()"
    async with database.transaction() as session:
        await session.execute(text(change), {"lets_in": lets_in})


async def lose_within_a_transaction(bot: Database, other: Database) -> None:
    async with bot.transaction() as session:
        session.add(PersonRow(user_id=2, licence_version="1"))
        await session.flush()
        await admit(other, False)
        await let_go_of(other)
        await asyncio.sleep(0.2)  # until the news of it is here


async def test_a_server_that_answered_too_long_ago_may_have_let_go_of_us(database, database_url):
    if database.is_sqlite:
        pytest.skip("a SQLite file is guarded by the lock of its data folder")
    async with Database(database_url) as other, other.held(pace=Pace(good_for=0.5)):
        await People(other).accept_licence(1, "1")
        await asyncio.sleep(1)

        with pytest.raises(HoldLost):
            await People(other).accept_licence(2, "1")


async def test_a_bot_that_lost_its_database_to_another_one_ends(database, database_url):
    if database.is_sqlite:
        pytest.skip("a SQLite file is guarded by the lock of its data folder")
    async with Database(database_url) as other:
        with pytest.raises(ExceptionGroup) as raised:
            await lose(database, other)

    assert [type(error) for error in raised.value.exceptions] == [DatabaseInUse]


@pytest.mark.parametrize("patience", [5.0, math.inf])
async def test_a_bot_starts_anew_after_an_absence_in_which_another_may_have_served(database, database_url, patience):
    if database.is_sqlite:
        pytest.skip("a SQLite file is guarded by the lock of its data folder")
    async with Database(database_url) as other:
        with pytest.raises(ExceptionGroup) as raised:
            await be_absent(other, database, patience)

    assert [str(error) for error in raised.value.exceptions] == [
        "database: another bot may have used it while it was out of reach; start anew"
    ]


async def be_absent(bot: Database, other: Database, patience: float) -> None:
    async with bot.held(patience, Pace(look_every=3600, good_for=0.1)), asyncio.timeout(20):
        await asyncio.sleep(0.2)
        await let_go_of(other)
        await asyncio.Event().wait()


async def lose(database: Database, other: Database) -> None:
    take, waiting = (
        "SELECT pg_advisory_lock(:lock)",
        text("SELECT count(*) FROM pg_locks WHERE NOT granted AND objid = :lock"),
    )
    async with other._engine.connect() as successor, database.held():
        taking = asyncio.create_task(successor.execute(text(take), {"lock": ONE_BOT}))
        async with asyncio.timeout(20):
            while not await number(other, waiting):  # noqa: ASYNC110 - another's news
                await asyncio.sleep(0.05)
            await let_go_of(other)
            await taking
            await asyncio.Event().wait()
