"""Buttons and menus under messages, before and after a restart of the bot."""

import asyncio
from pathlib import Path

import pytest
from bot_kit import House, first_answer, gone, in_channel, open_house, settled
from guest import Guest, Json, labels, record_ids

from db.session import Database
from db.tables.job import JobStatus
from inference.request import Task
from local_discord.server import LocalDiscord

EPHEMERAL = 64


async def test_each_picture_can_be_varied_and_enlarged(house: House) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle count:2")
    first, second = record_ids(result)
    varied, enlarged = await ada.press(result, "Vary 2"), await ada.press(result, "Upscale 1")

    assert [attempt.request.task for attempt in house.executor.attempts[1:]] == [Task.IMAGE_TO_IMAGE, Task.UPSCALE]
    assert f"`{second}`" in varied["content"]
    assert f"`{first}`" in enlarged["content"]
    assert (enlarged["attachments"][0]["width"], enlarged["attachments"][0]["height"]) == (512, 512)


async def test_again_draws_from_another_seed(house: House) -> None:
    ada = house.guest()
    await ada.press(await ada.type("/imagine a red circle seed:1"), "Again")
    one, other = (attempt.request for attempt in house.executor.attempts)

    assert one.seed != other.seed
    assert one.prompt == other.prompt


async def test_details_tell_everything_and_lead_to_the_other_pictures(house: House) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle count:2")
    first, second = record_ids(result)
    await ada.press(result, "Vary 1")
    details = await ada.press(result, "Details")
    others = await ada.press(details, "Details 2")

    for expected in (first, "a red circle", "guidance 3", "DDIM", "(vary)", "engine fake", "MIT, "):
        assert expected in details["content"]
    assert second in others["content"]
    assert details["flags"] & EPHEMERAL


async def test_a_picture_is_deleted_by_its_requester(house: House) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle count:2")
    await ada.push(result, "Delete")
    await gone(ada, result)

    records = [await house.history.get(each) for each in record_ids(result)]
    assert all(record and record.deleted_at for record in records)
    assert "no picture" in (await ada.type(f"/show id:{record_ids(result)[0]}"))["content"]


async def test_a_picture_is_deleted_by_a_moderator_but_not_by_just_anybody(house: House) -> None:
    ada, ben, mia = house.guest("ada"), house.guest("ben"), house.guest("mia")
    result = await ada.type("/imagine a red circle")
    refused = await settled(ben, await ben.push(result, "Delete"))
    still_there = result["id"] in [message["id"] for message in await in_channel(ada)]
    await mia.push(result, "Delete")
    await gone(ada, result)

    assert "Only the person who asked" in refused["content"]
    assert still_there


async def test_a_message_that_cannot_be_deleted_is_emptied(house: House) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle")
    fault = {"kind": "rest", "status": 403, "method": "DELETE", "path": "/messages/"}
    await house.session.post(f"{house.server.base}/local/faults", json=[fault])
    told = await settled(ada, await ada.push(result, "Delete"))
    left = next(message for message in await in_channel(ada) if message["id"] == result["id"])

    assert told["content"] == "Deleted."
    assert "Deleted by" in left["content"]
    assert (left["attachments"], left["components"]) == ([], [])


async def test_a_running_job_is_cancelled_by_its_button(house: House) -> None:
    ada = house.guest()
    await ada.type("/imagine a red circle")
    house.executor.go_on.clear()
    started = await ada.post("run", {"channel": "studio", "text": "/imagine a blue circle"})
    running = await drawing(ada, started)
    await ada.push(running, "Cancel")
    ended = await ada.follow(started["interaction"])

    assert "Drawing: step 1 of 2" in running["content"]
    assert "Cancelled for" in ended["content"]
    assert ended["attachments"] == []
    assert labels(ended) == []


async def test_nobody_cancels_another_persons_job(house: House) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    await ada.type("/imagine a red circle")
    house.executor.go_on.clear()
    started = await ada.post("run", {"channel": "studio", "text": "/imagine a blue circle"})
    running = await drawing(ada, started)
    refused = await ben.press(running, "Cancel")
    house.executor.go_on.set()
    ended = await ada.follow(started["interaction"])

    assert "nothing of yours" in refused["content"]
    assert len(record_ids(ended)) == 1


async def test_a_moderator_cancels_a_job_of_the_guild(house: House) -> None:
    ada, mia = house.guest("ada"), house.guest("mia")
    await ada.type("/imagine a red circle")
    house.executor.go_on.clear()
    started = await ada.post("run", {"channel": "studio", "text": "/imagine a blue circle"})
    await mia.push(await drawing(ada, started), "Cancel")
    ended = await ada.follow(started["interaction"])

    assert "Cancelled for" in ended["content"]


@pytest.mark.parametrize("label", ["Again", "Vary", "Upscale"])
async def test_a_model_that_is_no_longer_offered_is_named(house: House, label: str) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle")
    demo = house.studio.catalogue["demo"]
    house.studio.catalogue.offered, house.studio.catalogue.default = {"other": demo}, "other"

    assert "There is no model demo here" in (await ada.press(result, label))["content"]
    reproduced = await ada.type(f"/reproduce id:{record_ids(result)[0]}")
    assert "There is no model demo here" in reproduced["content"]


async def test_the_queue_names_my_jobs_and_lets_me_cancel_each(house: House) -> None:
    ada = house.guest()
    await ada.type("/imagine a red circle")
    house.executor.go_on.clear()
    for colour in ("blue", "green"):
        await drawing_or_waiting(ada, f"/imagine a {colour} circle")
    queue = await first_answer(ada, "/queue")
    await ada.press(queue, "Cancel 2")
    user = int(next(user["id"] for user in house.server.describe()["users"] if user["name"] == "ada"))
    left = await house.jobs.open_of(user)

    assert "a blue circle" in queue["content"]
    assert "Number 2 in the queue" in queue["content"]
    assert [job.request["prompt"] for job in left] == ["a blue circle"]
    assert [job.status for job in left] == [JobStatus.LEASED]


@pytest.mark.parametrize("menu", ["Use as source", "Upscale"])
async def test_a_messages_menu_works_on_the_picture_in_it(house: House, menu: str) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle")
    made = await ada.use(menu, result["id"])

    assert f"`{record_ids(result)[0]}`" in made["content"]


async def test_a_menu_lets_the_person_choose_among_several_pictures(house: House) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle count:3")
    asked = await ada.use("Upscale", result["id"])
    made = await ada.press(asked, "Upscale 3")

    assert labels(asked) == ["Upscale 1", "Upscale 2", "Upscale 3"]
    assert f"`{record_ids(result)[2]}`" in made["content"]


async def test_a_menu_knows_a_picture_that_was_shown_again(house: House) -> None:
    ada = house.guest()
    first = record_ids(await ada.type("/imagine a red circle"))[0]
    details = await ada.use("Details", (await ada.type(f"/show id:{first}"))["id"])

    assert f"**Picture `{first}`**" in details["content"]


async def test_a_menu_takes_anybodys_picture_as_an_upload(house: House, png: bytes) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    posted = await ben.say("look", ("cat.png", png))
    made = await ada.use("Upscale", posted["id"])

    assert (made["attachments"][0]["width"], made["attachments"][0]["height"]) == (128, 128)


async def test_a_menu_on_a_message_without_pictures_says_so(house: House) -> None:
    ada = house.guest()
    posted = await ada.say("good morning")

    assert "no picture in it" in (await ada.use("Use as source", posted["id"]))["content"]
    assert "no picture that I made" in (await ada.use("Details", posted["id"]))["content"]


async def test_every_button_works_after_a_restart(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_house(server, sqlite_database, tmp_path) as house:
        result = await house.guest().type("/imagine a red circle")
    async with open_house(server, sqlite_database, tmp_path) as house:
        ada = house.guest()
        for label in ("Vary", "Upscale", "Again", "Remix"):
            assert len(record_ids(await ada.press(result, label))) == 1, label
        assert record_ids(result)[0] in (await ada.press(result, "Details"))["content"]
        await ada.push(result, "Delete")
        await gone(ada, result)


async def drawing_or_waiting(guest: Guest, text: str) -> None:
    """Type a command, and return once its reply says how it stands."""
    started = await guest.post("run", {"channel": guest.channel, "text": text})
    answer = await guest.get(f"interactions/{started['interaction']}", wait=10)
    assert labels(answer["message"]) == ["Cancel"]


async def drawing(guest: Guest, started: Json) -> Json:
    """Return the reply once it shows progress."""
    async with asyncio.timeout(20):
        while True:
            answer = await guest.get(f"interactions/{started['interaction']}", wait=10)
            if answer["message"] and "step" in answer["message"]["content"]:
                return dict(answer["message"])
            await asyncio.sleep(0.05)
