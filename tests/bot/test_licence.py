"""The use restrictions, accepted once before the first picture."""

from datetime import timedelta
from pathlib import Path

import pytest
from bot_kit import House, first_answer, in_channel, open_house, settled
from guest import labels, record_ids

from bot import making
from db.session import Database
from local_discord.server import LocalDiscord

EPHEMERAL = 64


async def test_the_first_picture_waits_for_the_licence_and_then_comes_without_asking_again(house: House) -> None:
    ada = house.guest()
    asked = await first_answer(ada, "/imagine a red circle seed:9")
    drawn_before = len(house.executor.attempts)
    message = await ada.press(asked, "Accept")

    assert drawn_before == 0
    assert asked["flags"] & EPHEMERAL
    assert labels(asked) == ["Accept"]
    assert "harm minors" in asked["embeds"][0]["description"]
    assert "Seed 9" in message["content"]
    assert not message["flags"] & EPHEMERAL
    assert [each["id"] for each in await in_channel(ada)] == [message["id"]]


async def test_it_is_asked_only_once(house: House) -> None:
    ada = house.guest()
    await ada.type("/imagine a red circle")

    assert labels(await first_answer(ada, "/imagine a blue circle")) != ["Accept"]


async def test_everybody_is_asked(house: House) -> None:
    await house.guest("ada").type("/imagine a red circle")

    assert labels(await first_answer(house.guest("ben"), "/imagine a red circle")) == ["Accept"]


async def test_a_button_and_a_modal_ask_for_it_too(house: House) -> None:
    message = await house.guest("ada").type("/imagine a red circle")
    ben = house.guest("ben")
    asked = await settled(ben, await ben.push(message, "Again"))

    assert labels(asked) == ["Accept"]
    assert "drawn again" in (await ben.press(asked, "Accept"))["content"].casefold()


async def test_only_the_last_wish_is_carried_out(house: House) -> None:
    ada = house.guest()
    await first_answer(ada, "/imagine a red circle")
    asked = await first_answer(ada, "/imagine a blue circle")
    await ada.press(asked, "Accept")

    assert [attempt.request.prompt for attempt in house.executor.attempts] == ["a blue circle"]


async def test_a_wish_made_in_private_is_not_drawn_in_public(house: House) -> None:
    ada, alone = house.guest("ada", "studio"), house.guest("ada", "dm")
    asked_alone = await first_answer(alone, "/imagine a secret")
    asked = await first_answer(ada, "/license")
    told = await settled(ada, await ada.push(asked, "Accept"))

    assert "use your command again" in told["content"]
    assert house.executor.attempts == []
    assert "a secret" in (await alone.press(asked_alone, "Accept"))["content"]
    assert await in_channel(ada) == [told]


async def test_an_old_wish_is_forgotten(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = house.guest()
    asked = await first_answer(ada, "/imagine a red circle")
    monkeypatch.setattr(making, "TOKEN_LIFE", timedelta(0))
    told = await settled(ada, await ada.push(asked, "Accept"))

    assert "use your command again" in told["content"]
    assert house.executor.attempts == []


async def test_only_so_many_wishes_are_remembered(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "REMEMBERED", 1)
    ada, ben = house.guest("ada"), house.guest("ben")
    first = await first_answer(ada, "/imagine a red circle")
    second = await first_answer(ben, "/imagine a blue circle")
    told = await settled(ada, await ada.push(first, "Accept"))
    await ben.press(second, "Accept")

    assert "use your command again" in told["content"]
    assert [attempt.request.prompt for attempt in house.executor.attempts] == ["a blue circle"]


async def test_a_licence_that_was_shown_before_a_restart_can_still_be_accepted(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_house(server, sqlite_database, tmp_path) as house:
        asked = await first_answer(house.guest(), "/imagine a red circle")
    async with open_house(server, sqlite_database, tmp_path) as house:
        ada = house.guest()
        told = await settled(ada, await ada.push(asked, "Accept"))
        message = await ada.type("/imagine a red circle")

        assert "use your command again" in told["content"]
        assert labels(told) == []
        assert len(record_ids(message)) == 1


async def test_license_offers_to_accept_until_it_is_accepted(house: House) -> None:
    ada = house.guest()
    before = await first_answer(ada, "/license")
    await settled(ada, await ada.push(before, "Accept"))
    after = await first_answer(ada, "/license")

    assert labels(before) == ["Accept"]
    assert labels(after) == []
    assert "You have accepted" in after["content"]
