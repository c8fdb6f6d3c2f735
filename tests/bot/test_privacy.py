"""Who may see, use and delete what was made where."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from bot_kit import POLL_SECONDS, House, channel_of, first_answer, gone, open_house, settled
from guest import Guest, Json, labels, record_ids

from bot.caller import Caller
from db.session import Database
from local_discord import permissions
from local_discord.guild import Overwrite
from local_discord.server import LocalDiscord


@pytest.fixture
async def ben_moderates_after_dark(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> AsyncIterator[House]:
    ben = next(each for each in server.core.world.people if each.name == "ben")
    rule = Overwrite(ben.id, 1, allow=permissions.MANAGE_MESSAGES)
    channel_of(server, "after-dark").overwrites.append(rule)
    async with open_house(server, sqlite_database, tmp_path) as running:
        yield running


async def test_what_was_made_in_a_hidden_channel_is_hidden_everywhere(house: House) -> None:
    mia, ada = house.guest("mia", "mod-room"), house.guest("ada")
    secret = record_ids(await mia.type("/imagine a secret"))[0]
    mine = record_ids(await ada.type("/imagine a red circle"))[0]
    page = str(await first_answer(ada, "/history"))

    assert mine in page
    assert secret not in page
    for command in (f"/show id:{secret}", f"/vary picture:{secret}", f"/reproduce id:{secret}", f"/remix id:{secret}"):
        assert "no picture" in (await ada.type(command))["content"]
    assert record_ids(await house.guest("mia").type(f"/show id:{secret}")) == [secret]


async def test_what_was_made_in_another_open_channel_is_seen(house: House) -> None:
    made = record_ids(await house.guest("mia", "studio").type("/imagine a red circle"))[0]

    assert record_ids(await house.guest("ada", "after-dark").type(f"/show id:{made}")) == [made]


async def test_an_age_restricted_picture_stays_so_by_whatever_way(house: House) -> None:
    ada, alone = house.guest("ada", "after-dark"), house.guest("ada", "dm")
    made = record_ids(await ada.type("/imagine a red circle"))[0]
    children = [
        record_ids(await alone.type(command))[0]
        for command in (
            f"/vary picture:{made}",
            f"/upscale picture:{made}",
            f"/remix id:{made}",
            f"/reproduce id:{made}",
        )
    ]
    grandchild = record_ids(await alone.type(f"/vary picture:{children[0]}"))[0]

    for child in (*children, grandchild):
        record = await house.history.get(child)
        assert record is not None
        assert record.age_restricted
        assert "age-restricted" in (await house.guest("ada").type(f"/show id:{child}"))["content"]


async def test_a_moderator_of_another_channel_deletes_nothing_here(ben_moderates_after_dark: House) -> None:
    house = ben_moderates_after_dark
    made = record_ids(await house.guest("ada", "studio").type("/imagine a red circle"))[0]
    ben = house.guest("ben", "after-dark")
    shown = await ben.type(f"/show id:{made}")

    assert "Only the person who asked" in (await settled(ben, await ben.push(shown, "Delete")))["content"]


async def test_a_moderator_of_its_channel_deletes_a_picture(ben_moderates_after_dark: House) -> None:
    house = ben_moderates_after_dark
    ada, ben = house.guest("ada", "after-dark"), house.guest("ben", "after-dark")
    result = await ada.type("/imagine a red circle")
    await ben.push(result, "Delete")
    await gone(ada, result)


async def test_delete_under_a_shown_picture_deletes_that_one_alone(house: House) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle count:3")
    first, second, third = record_ids(result)
    shown = await ada.type(f"/show id:{second}")
    await ada.push(shown, "Delete")
    await gone(ada, shown)
    left = await left_with(ada, result["id"], 2)
    records = [await house.history.get(each) for each in (first, second, third)]

    assert [record is not None and record.deleted_at is None for record in records] == [True, False, True]
    assert record_ids(left) == [first, third]
    assert second not in left["content"] + str(left["components"])
    assert "Vary 2" in labels(left)
    assert records[1] is not None
    with pytest.raises(FileNotFoundError):
        await house.store.read(records[1].sha256)


async def test_again_draws_as_many_as_the_message_shows(house: House) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle count:3")
    shown = await ada.type(f"/show id:{record_ids(result)[1]}")

    assert len(record_ids(await ada.press(result, "Again"))) == 3
    assert len(record_ids(await ada.press(shown, "Again"))) == 1


def test_a_token_is_not_written_out() -> None:
    caller = Caller(
        user_id=1,
        guild_id=None,
        channel_id=2,
        interaction_id=3,
        application_id=4,
        token="secret",
        locale="en-US",
        age_restricted=False,
        views=frozenset(),
        moderates=frozenset(),
    )

    assert "secret" not in repr(caller)


async def left_with(guest: Guest, message_id: str, count: int) -> Json:
    """Return the message once it shows so many pictures."""
    async with asyncio.timeout(10):
        while len((message := await guest.message(message_id))["attachments"]) != count:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)
        return message
