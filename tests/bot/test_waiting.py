"""What those read who wait, and those who ask for more than there is room for."""

import asyncio
from pathlib import Path

import pytest
from bot_kit import House, first_answer, in_channel, open_house, open_jobs
from guest import Json

from config.settings import Role
from db.session import Database
from local_discord.server import LocalDiscord

MODERATOR = Role(role="moderator", weight=3.0, pending_per_user=4)


async def busy(house: House, name: str, count: int = 1) -> Json:
    """Let somebody ask for pictures, and wait until their reply says where they stand."""
    return await first_answer(house.guest(name), f"/imagine a red circle count:{count}")


async def accepted(house: House, *names: str) -> None:
    """Let people have accepted the licence."""
    for name in names:
        await house.guest(name).type("/imagine a red circle")


async def what_queue_tells(house: House, awaited: str) -> str:
    """Return what /queue tells ada once these words are in it: her picture may have still to begin."""
    async with asyncio.timeout(20):
        while True:
            told: str = (await first_answer(house.guest("ada"), "/queue"))["content"]
            if awaited in told:
                return told


async def test_who_has_enough_waiting_is_told_when_to_come_back_and_moderators_may_have_more(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    limits = {"pending_per_user": 2}
    async with open_house(server, sqlite_database, tmp_path, limits=limits, roles=(MODERATOR,)) as house:
        await accepted(house, "ada", "mia")
        house.executor.go_on.clear()
        for name, count in (("ada", 2), ("mia", 4)):
            assert "At most" not in (await busy(house, name, count))["content"]
        refused = [await busy(house, name) for name in ("ada", "mia")]

        assert "At most 2 of your pictures may wait at once (now: 2)" in refused[0]["content"]
        assert "At most 4 of your pictures may wait at once (now: 4)" in refused[1]["content"]
        assert all("<t:" in message["content"] for message in refused)
        assert [job.weight for job in await open_jobs(house)] == [1.0, 3.0]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"pending_per_guild": 1}, "At most 1 pictures of this server"),
        ({"pending_in_all": 1}, "The queue is full"),
        ({"longest_wait": 0.001}, "could not begin in time"),
    ],
)
async def test_what_there_is_no_room_for_is_refused_in_words_and_not_kept(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path, limits: dict[str, float], words: str
) -> None:
    async with open_house(server, sqlite_database, tmp_path, limits=limits) as house:
        await accepted(house, "ada", "ben")
        house.executor.go_on.clear()
        await busy(house, "ada")
        refused = await first_answer(house.guest("ben"), "/imagine a blue star")

        assert words in refused["content"]
        assert "<t:" in refused["content"]
        assert len(await open_jobs(house)) == 1


async def test_a_spent_budget_is_told_with_the_time_of_the_next(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_house(server, sqlite_database, tmp_path, limits={"daily_seconds": 0.6}) as house:
        await accepted(house, "ada")  # it took half a second
        refused = await first_answer(house.guest("ada"), "/imagine a blue star")

        assert "machine time for today" in refused["content"]
        assert "<t:" in refused["content"]


async def test_queue_tells_place_time_and_reason(house: House) -> None:
    await accepted(house, "ada", "ben")
    house.executor.go_on.clear()
    await busy(house, "ada")
    await busy(house, "ada")
    await busy(house, "ben")
    told = await what_queue_tells(house, "Being drawn now")
    waiting = [
        message["content"] for message in await in_channel(house.guest("ben")) if "Expected" in message["content"]
    ]

    assert "Being drawn: 1. Waiting: 2." in told
    assert "Number 3 in the queue. Others who wait: 1." in told
    assert "Expected in about" in told
    assert any("Number 2 in the queue" in text for text in waiting)
