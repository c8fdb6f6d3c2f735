"""What workers draw with outlives the bot, its machine and its database's last copy of it."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.choosing import Choosing
from config.settings import ConfigError
from db.choices import Choices
from db.session import Database
from inference.choices import ChoiceFile


async def starting(database: Database, folder: Path) -> Choosing:
    """Return the choices as a bot with this data folder knows them once it has started."""
    choosing = Choosing(Choices(database), ChoiceFile(folder / "rows.json"))
    await choosing.load()
    return choosing


def keep(folder: Path, **values: int) -> None:
    folder.mkdir()
    (folder / "rows.json").write_text(json.dumps(values))


def kept(folder: Path) -> dict[str, int]:
    return dict(json.loads((folder / "rows.json").read_text()))


async def test_a_standby_with_a_data_folder_of_its_own_draws_with_what_the_first_bot_chose(
    database: Database, tmp_path: Path
) -> None:
    first = await starting(database, tmp_path / "one")
    assert await first.settle("rows", None) is None
    assert await first.settle("rows", 8) == 8
    assert await first.settle("rows", 2) == 8

    async with Database(database.url) as elsewhere:
        second = await starting(elsewhere, tmp_path / "two")

    assert await second.settle("rows", None) == 8
    assert kept(tmp_path / "two") == kept(tmp_path / "one") == {"rows": 8}


async def test_what_the_file_of_an_older_version_says_goes_on_counting(database: Database, tmp_path: Path) -> None:
    keep(tmp_path / "old", rows=8)

    choosing = await starting(database, tmp_path / "old")

    assert await choosing.settle("rows", 2) == 8
    assert await Choices(database).keep({}) == {"rows": 8}


async def test_where_file_and_database_differ_the_database_is_right_and_the_file_follows(
    database: Database, tmp_path: Path
) -> None:
    await Choices(database).keep({"rows": 8})
    keep(tmp_path / "other", rows=2, more=4)

    await starting(database, tmp_path / "other")

    assert kept(tmp_path / "other") == {"rows": 8, "more": 4}


async def test_of_workers_that_propose_at_once_the_first_is_right_and_none_is_forgotten(
    database: Database, tmp_path: Path
) -> None:
    choosing = await starting(database, tmp_path / "data")
    proposals = [(name, value) for name in "abcd" for value in (2, 4)]

    told = await asyncio.gather(*(choosing.settle(*each) for each in proposals))

    assert told[::2] == told[1::2]
    assert [await choosing.settle(name, None) for name in "abcd"] == told[::2]
    assert kept(tmp_path / "data") == dict(zip("abcd", told[::2], strict=True))


async def test_a_file_that_cannot_be_read_stops_the_start(database: Database, tmp_path: Path) -> None:
    keep(tmp_path / "data")
    (tmp_path / "data" / "rows.json").write_text("no JSON")

    with pytest.raises(ConfigError, match="says what pictures depend on"):
        await starting(database, tmp_path / "data")


async def test_a_choice_that_the_database_does_not_keep_counts_for_nobody(database: Database, tmp_path: Path) -> None:
    choosing = await starting(database, tmp_path / "data")
    async with database.transaction() as session:
        await session.execute(text("DROP TABLE choices"))

    with pytest.raises(OSError, match="did not keep"):
        await choosing.settle("rows", 8)

    assert await choosing.settle("rows", None) is None
