"""A backup as docs/operating.md describes it: taken while the bot draws, and all that there is comes back from it."""

import asyncio
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from chaos import settings_for, settle
from db_fixtures import Postgres, sqlite_url
from guest import Guest, record_ids
from processes import ROOT, joining, running_bot, running_chat_server
from test_restart import start

from db.audit import Audit, Head
from db.session import Database

PATIENCE = 200.0  # seconds
BESIDES = ("pictures", "key", "credentials")  # what is copied after the database


@dataclass(frozen=True)
class Ground:
    """A database, and how it is copied, lost, and brought back; `restore` returns its new address."""

    url: str
    copy: Callable[[Path], None]
    restore: Callable[[Path], str]


@pytest.fixture(params=["sqlite", "postgresql"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    if request.param == "sqlite":
        yield on_sqlite(tmp_path / "data" / "imagine.db")
    else:
        yield on_postgresql(request.getfixturevalue("postgres"))


def on_sqlite(file: Path) -> Ground:
    if shutil.which("sqlite3") is None:
        pytest.skip("there is no sqlite3 command: not run on SQLite")

    def copy(backup: Path) -> None:
        call("sqlite3", file, f"VACUUM INTO '{backup / 'copy.db'}'")

    def restore(backup: Path) -> str:
        shutil.copy(backup / "copy.db", file)
        return sqlite_url(file)

    return Ground(sqlite_url(file), copy, restore)


def on_postgresql(postgres: Postgres) -> Ground:
    url, programs = postgres.create(), Path(postgres.server.bin_path)

    def copy(backup: Path) -> None:
        call(programs / "pg_dump", "--format=custom", f"--file={backup / 'copy.dump'}", plain(url))

    def restore(backup: Path) -> str:
        postgres.drop(url)
        new = postgres.create("template0")
        call(programs / "pg_restore", "--exit-on-error", f"--dbname={plain(new)}", backup / "copy.dump")
        return new

    return Ground(url, copy, restore)


def plain(url: str) -> str:
    """Return the address as PostgreSQL's own programs know it."""
    return url.replace("+asyncpg", "")


def call(*command: str | Path) -> None:
    subprocess.run([str(each) for each in command], check=True, timeout=60)


@pytest.mark.slow
@pytest.mark.timeout(500)  # two bots load their checkpoint, on however slow a machine
async def test_all_comes_back_from_a_backup_that_was_taken_while_the_bot_drew(tmp_path: Path, ground: Ground) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    backup.mkdir()
    with running_chat_server() as world:
        settings = settings_for(tmp_path, ground.url, 20) | joining(world)
        async with aiohttp.ClientSession() as session:
            ada = Guest(session, world["page"])
            with running_bot(data, **settings) as bot:
                made = await ada.follow(await start(ada, "/imagine a quince seed:0 steps:2"), patience=PATIENCE)
                ben = next(user["id"] for user in world["users"] if user["name"] == "ben")
                await Guest(session, world["page"], "mia").type(f"/moderation ban user:{ben}")
                for words in ("one", "two", "three"):
                    await start(ada, f"/imagine {words} steps:80 count:4")
                await asyncio.to_thread(take, backup, data, ground)
                bot.kill()
            log = await audit_log(ground.url)
            settings["IMAGINE_DATABASE"] = await asyncio.to_thread(bring_back, backup, data, ground)
            assert await audit_log(settings["IMAGINE_DATABASE"]) == log
            assert log.entries > 0
            with running_bot(data, **settings):
                await settle(settings["IMAGINE_DATABASE"], PATIENCE)
                history = await ada.type("/history search:quince")
                again = await ada.follow(await start(ada, f"/reproduce {record_ids(made)[0]}"), patience=PATIENCE)
                verified = await ada.use("Verify", made["id"])
                drawn = [each for each in await ada.messages() if len(each["attachments"]) == 4]

    assert record_ids(made)[0] in str(history)
    assert "Identical" in again["content"]
    assert "same to the byte" in str(verified)
    assert "signed by this bot" in str(verified)
    assert len(drawn) == 3


def test_the_commands_of_the_docs_copy_what_there_is(tmp_path: Path, migrated_file: Path) -> None:
    """There is no key where it came from the environment."""
    if shutil.which("sqlite3") is None:
        pytest.skip("there is no sqlite3 command: not run on SQLite")
    data, backup = tmp_path / "data", tmp_path / "backup"
    for name in ("pictures", "credentials"):
        (data / name).mkdir(parents=True)
        (data / name / "file").write_text(name)
    shutil.copy(migrated_file, data / "imagine.db")

    subprocess.run(["sh", "-e", "-c", commands()], cwd=tmp_path, check=True, timeout=60)

    assert [(backup / name / "file").read_text() for name in ("pictures", "credentials")] == ["pictures", "credentials"]
    tables = [tables_of(file) for file in (backup / "copy.db", data / "imagine.db")]
    assert tables[0] == tables[1] != set()


def commands() -> str:
    """Return the commands of the section on backups."""
    section = (ROOT / "docs" / "operating.md").read_text().partition("**Backup**")[2]
    return section.split("```")[1]


def tables_of(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def take(backup: Path, data: Path, ground: Ground) -> None:
    """Copy the database first, so that no row is without its picture."""
    ground.copy(backup)
    for name in BESIDES:
        of_kind = shutil.copytree if (data / name).is_dir() else shutil.copy2
        of_kind(data / name, backup / name)


def bring_back(backup: Path, data: Path, ground: Ground) -> str:
    """Lose everything, and put back what was copied; return the database's address."""
    shutil.rmtree(data)
    data.mkdir()
    for name in BESIDES:
        (backup / name).rename(data / name)
    return ground.restore(backup)


async def audit_log(url: str) -> Head:
    """Return how the audit log ends, having looked at all of it."""
    async with Database(url) as database:
        assert await Audit(database).verify() is None
        return await Audit(database).head()
