"""The remix modal."""

from pathlib import Path

import pytest
from bot_kit import House, open_house, settled
from guest import Json, record_ids

from db.session import Database
from inference.request import Sampler, Task
from local_discord.server import LocalDiscord

EPHEMERAL = 64


def values(modal: Json) -> dict[str, str]:
    return {part["component"]["custom_id"]: part["component"].get("value", "") for part in modal["components"]}


async def test_the_modal_is_filled_in_with_all_that_made_the_picture(house: House) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle negative_prompt:blue seed:0 steps:7 width:320 height:256")
    answer = await ada.get(f"interactions/{(await ada.push(result, 'Remix'))['interaction']}", wait=10)

    assert values(answer["modal"]) == {
        "prompt": "a red circle",
        "negative_prompt": "blue",
        "seed": "0",
        "settings": "steps: 7\nguidance: 3\nsampler: DDIM\nsize: 320x256\nmodel: demo\ncount: 1",
    }
    assert answer["modal"]["title"] == f"Remix {record_ids(result)[0]}"


async def test_what_was_changed_is_drawn_and_the_rest_stays(house: House) -> None:
    ada = house.guest()
    first = record_ids(await ada.type("/imagine a red circle seed:3 steps:7"))[0]
    started = await ada.post("run", {"channel": "studio", "text": f"/remix id:{first}"})
    fields = {"prompt": "a green circle", "settings": "Sampler = euler\nsteps: 9\nsize: 320 x 256"}
    message = await ada.follow(started["interaction"], fields=fields)
    request = house.executor.attempts[-1].request

    assert (request.prompt, request.seed, request.sampler) == ("a green circle", 3, Sampler.EULER)
    assert (request.num_inference_steps, request.width, request.height) == (9, 320, 256)
    assert f"after `{first}`" in message["content"]


async def test_a_variation_is_remixed_on_the_same_picture(house: House) -> None:
    ada = house.guest()
    varied = await ada.press(await ada.type("/imagine a red circle"), "Vary")
    started = await ada.push(varied, "Remix")
    await ada.follow(started["interaction"], fields={"prompt": "a green circle", "seed": ""})
    before, after = (attempt.request for attempt in house.executor.attempts[-2:])

    assert after.task is Task.IMAGE_TO_IMAGE
    assert (after.source, after.strength) == (before.source, before.strength)
    assert after.seed != before.seed


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [("size: 320x256\ncount: 2", "Leave out: width, height, count"), ("sampler: LCM", "does not work with")],
)
async def test_what_a_variation_cannot_have_is_refused(house: House, settings: str, sentence: str) -> None:
    ada = house.guest()
    demo = house.studio.catalogue["demo"]
    house.studio.catalogue.offered = {"demo": demo.model_copy(update={"samplers": (Sampler.DDIM,)})}
    varied = await ada.press(await ada.type("/imagine a red circle"), "Vary")
    started = await ada.push(varied, "Remix")
    refused = await ada.follow(started["interaction"], fields={"settings": settings})

    assert sentence in refused["content"]
    assert len(house.executor.attempts) == 2


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"seed": "lucky"}, "as a seed"),
        ({"seed": "-1"}, "whole number from 0"),
        ({"settings": "colour: red"}, "no setting “colour”"),
        ({"settings": "steps: 900"}, "Steps go from 1 to 150"),
        ({"settings": "model: best"}, "no model best"),
        ({"settings": "size: 100000x100000"}, "changed to"),
    ],
)
async def test_what_cannot_be_read_is_told_in_a_sentence(house: House, fields: Json, sentence: str) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle")
    started = await ada.push(result, "Remix")

    assert sentence in (await ada.follow(started["interaction"], fields=fields))["content"]


async def test_a_modal_that_was_open_during_a_restart_can_be_sent_off(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_house(server, sqlite_database, tmp_path) as house:
        ada = house.guest()
        started = await ada.push(await ada.type("/imagine a red circle"), "Remix")
        await ada.get(f"interactions/{started['interaction']}", wait=10)
    async with open_house(server, sqlite_database, tmp_path) as house:
        ada = house.guest()
        sent = await ada.post("submit", {"interaction": started["interaction"], "fields": {"prompt": "a green circle"}})

        assert "a green circle" in (await ada.follow(sent["interaction"]))["content"]


async def test_a_picture_that_is_not_there_opens_no_modal(house: House) -> None:
    ada = house.guest()
    started = await ada.post("run", {"channel": "studio", "text": "/remix id:NOSUCHPICT"})
    message = await settled(ada, started)

    assert "no picture NOSUCHPICT" in message["content"]
    assert message["flags"] & EPHEMERAL
