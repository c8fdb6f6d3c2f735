"""Several prompts: shown with their number and cost first, then drawn as one job."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from bot_kit import POLL_SECONDS, House, in_channel, open_house, settled
from guest import Guest, Json, components, labels, record_ids
from sqlalchemy import update

from db.base import utc_now
from db.session import Database
from db.tables.offer import OfferRow
from local_discord.server import LocalDiscord

EPHEMERAL = 64
STRING_SELECT = 3


async def seen(guest: Guest, wanted: Callable[[Json], object]) -> Json:
    """Return the latest message in the channel that is as wanted, once there is one."""
    async with asyncio.timeout(20):
        while True:
            found = [each for each in await in_channel(guest) if wanted(each)]
            if found:
                return found[-1]
            await asyncio.sleep(POLL_SECONDS)


async def drawn(guest: Guest, offer: Json, label: str) -> Json:
    """Press the button under the offer; return the result, which is a message of its own."""
    before = {each["id"] for each in await in_channel(guest)}
    await guest.push(offer, label)

    def is_result(message: Json) -> bool:
        return message["id"] not in before and bool(message["attachments"]) and labels(message) != ["Cancel"]

    return await seen(guest, is_result)


async def test_prompts_are_shown_with_their_number_and_cost_before_anything_is_drawn(house: House) -> None:
    ada = house.guest()
    offer = await ada.type("/imagine {red, green} {circle, *star*}")

    assert "4 prompts and 4 pictures, in about" in offer["content"]
    assert "3. green circle\n4. green \\*star\\*" in offer["content"]
    assert labels(offer) == ["Draw 4 pictures", "Cancel"]
    assert offer["flags"] & EPHEMERAL
    assert not any(each["id"] == offer["id"] for each in await in_channel(house.guest("ben")))
    assert house.executor.attempts == []


async def test_one_job_draws_what_each_prompt_names_from_the_same_seeds(house: House) -> None:
    ada = house.guest()
    offer = await ada.type("/imagine {red, green} circle seed:7 count:2")
    result = await drawn(ada, offer, "Draw 4 pictures")
    records = [await house.history.get(each) for each in record_ids(result)]
    left = await ada.message(offer["id"])

    assert [(each.prompt, each.seed) for each in records if each] == [
        ("red circle", 7),
        ("red circle", 8),
        ("green circle", 7),
        ("green circle", 8),
    ]
    assert len({each.job_id for each in records if each}) == 1
    assert [each["description"].removeprefix("Picture drawn from the prompt: ") for each in result["attachments"]] == [
        "red circle",
        "red circle",
        "green circle",
        "green circle",
    ]
    assert "green circle" in result["content"]
    assert labels(left) == []


async def test_ten_pictures_have_menus_that_work(house: House) -> None:
    ada = house.guest()
    offer = await ada.type("/imagine {1,2,3,4,5,6,7,8,9,10} balloons")
    result = await drawn(ada, offer, "Draw 10 pictures")
    menus = [each for each in components(result) if each["type"] == STRING_SELECT]
    details = next(each for each in menus if "details" in each["placeholder"])
    chosen = details["options"][9]
    pressed = {"message": result["id"], "custom_id": details["custom_id"], "values": [chosen["value"]]}
    told = await settled(ada, await ada.post("select", pressed))

    assert len(result["attachments"]) == 10
    assert [option["value"] for option in details["options"]] == record_ids(result)
    assert chosen["label"] == "10. 10 balloons"
    assert f"Picture `{record_ids(result)[9]}`" in told["content"]
    (others,) = [each for each in components(told) if each["type"] == STRING_SELECT]
    assert [option["value"] for option in others["options"]] == record_ids(result)


async def test_again_draws_all_prompts_from_another_seed(house: House) -> None:
    ada = house.guest()
    result = await drawn(ada, await ada.type("/imagine {red, green} circle seed:7"), "Draw 2 pictures")
    again = await ada.press(result, "Again")
    records = [await house.history.get(each) for each in record_ids(again)]

    assert [each.prompt for each in records if each] == ["red circle", "green circle"]
    assert len({each.seed for each in records if each}) == 1
    assert {each.seed for each in records if each} != {7}


async def test_an_offer_outlives_a_restart_and_is_answered_once(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_house(server, sqlite_database, tmp_path) as house:
        offer = await house.guest().type("/imagine {red, green} circle")
    async with open_house(server, sqlite_database, tmp_path) as house:
        ada = house.guest()
        result = await drawn(ada, offer, "Draw 2 pictures")

        assert len(result["attachments"]) == 2
        assert labels(await ada.message(offer["id"])) == []


async def test_nothing_is_drawn_of_what_was_declined(house: House) -> None:
    ada = house.guest()
    offer = await ada.type("/imagine {red, green} circle")
    await ada.push(offer, "Cancel")
    left = await seen(ada, lambda each: each["content"] == "Nothing is drawn.")

    assert (left["id"], labels(left)) == (offer["id"], [])
    assert house.executor.attempts == []


async def test_what_there_is_no_room_for_can_be_accepted_later(house: House) -> None:
    ada = house.guest()
    await ada.type("/imagine a bell")
    offer = await ada.type("/imagine {a,b,c,d,e,f,g,h,i,j} circle")
    house.executor.go_on.clear()
    waiting = await ada.post("run", {"channel": "studio", "text": "/imagine a drum count:4"})
    await ada.answer(waiting["interaction"])
    before = await in_channel(ada)
    await ada.push(offer, "Draw 10 pictures")
    refused = await seen(ada, lambda each: "may wait at once (now: 4)" in each["content"])
    after = await in_channel(ada)
    house.executor.go_on.set()
    await ada.follow(waiting["interaction"])
    result = await drawn(ada, offer, "Draw 10 pictures")

    assert refused["flags"] & EPHEMERAL
    assert len(after) == len(before) + 1, "the reply that was to be is gone"
    assert len(result["attachments"]) == 10


async def test_every_prompt_is_checked_once_it_is_written_out(strict_house: House) -> None:
    ada = strict_house.guest()
    refused = await ada.type("/imagine {red, marma{lade, rine}} circle")

    assert "This is not drawn" in refused["content"], "marmalade stands nowhere in what was typed"
    assert labels(refused) == []
    assert strict_house.executor.attempts == []


async def test_an_offer_that_nobody_answers_is_forgotten(house: House, sqlite_database: Database) -> None:
    ada = house.guest()
    offer = await ada.type("/imagine {red, green} circle")
    await house.housekeeper.tidy_up()
    async with sqlite_database.transaction() as session:
        changed = await session.execute(update(OfferRow).values(created_at=utc_now() - timedelta(days=2)))
    await house.housekeeper.tidy_up()
    await ada.push(offer, "Draw 2 pictures")
    told = await seen(ada, lambda each: "too old" in each["content"])

    assert changed.rowcount == 1
    assert told["flags"] & EPHEMERAL


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("{1,2,3,4,5,6} stars count:2", "more than 5 prompts"),
        ("{red, green circle", "{ without its }"),
    ],
)
async def test_what_cannot_be_drawn_is_told(house: House, typed: str, sentence: str) -> None:
    assert sentence in (await house.guest().type(f"/imagine {typed}"))["content"]
