"""The commands, typed by a person on a local Discord."""

import io
import logging

import pytest
from bot_kit import House, first_answer, in_channel
from guest import CHANGES, Refused, components, labels, record_ids
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from config.settings import load_settings
from inference.checkpoints import load_checkpoints
from inference.request import Task

EPHEMERAL = 64


async def test_a_prompt_becomes_pictures_with_their_words(house: House) -> None:
    message = await house.guest().type("/imagine a red circle seed:0 count:2 steps:3 guidance:5 sampler:euler A")
    records = [await house.history.get(each) for each in record_ids(message)]

    assert [record and record.seed for record in records] == [0, 1]
    assert {attachment["description"] for attachment in message["attachments"]} == {
        "Picture drawn from the prompt: a red circle"
    }
    for expected in ("a red circle", "3 steps", "guidance 5", "Euler a", "256×256", "Seed 0", *record_ids(message)):
        assert expected in message["content"]
    row = ["Again", "Remix", "Details", "Delete"]
    assert labels(message) == ["Vary 1", "Vary 2", "Upscale 1", "Upscale 2", "More 1", "More 2", *row]


async def test_a_single_picture_has_buttons_without_numbers(house: House) -> None:
    message = await house.guest().type("/imagine a red circle")

    assert labels(message) == [*CHANGES, "Again", "Remix", "Details", "Delete"]


async def test_a_size_that_had_to_change_is_told(house: House) -> None:
    message = await house.guest().type("/imagine a red circle width:300 height:777")

    assert "300×777 was changed to" in message["content"]
    assert "expect odd compositions" in message["content"]


async def test_a_picture_is_varied_by_its_id_with_other_words(house: House) -> None:
    ada = house.guest()
    first = record_ids(await ada.type("/imagine a red circle"))[0]
    message = await ada.type(f"/vary picture:{first.lower()} strength:strong prompt:a blue circle seed:5")
    request = house.executor.attempts[-1].request

    assert (request.task, request.strength, request.prompt, request.seed) == (
        Task.IMAGE_TO_IMAGE,
        0.7,
        "a blue circle",
        5,
    )
    assert f"from `{first}`" in message["content"]


async def test_an_upload_is_varied(house: House, png: bytes) -> None:
    message = await house.guest().type("/vary prompt:a teal square", ("mine.png", png))
    request = house.executor.attempts[-1].request

    assert (request.width, request.height, request.prompt) == (256, 256, "a teal square")
    assert "Varied for" in message["content"]


async def test_the_words_in_an_upload_are_checked_like_a_prompt(house: House, caplog: pytest.LogCaptureFixture) -> None:
    words = PngInfo()
    words.add_text("parameters", "naked little girl, 8 years old")
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(file, "PNG", pnginfo=words)
    with caplog.at_level(logging.INFO, "bot.admission"):
        message = await house.guest().type("/vary prompt:a teal square", ("mine.png", file.getvalue()))

    assert message["flags"] & EPHEMERAL
    assert house.executor.attempts == []
    assert "refused by" in caplog.text
    assert "naked" not in caplog.text


async def test_an_id_and_a_file_at_once_are_too_many(house: House, png: bytes) -> None:
    message = await house.guest().type("/vary picture:ABCDEFGHJK", ("mine.png", png))

    assert "Give one of them" in message["content"]


async def test_a_picture_is_upscaled_fourfold(house: House) -> None:
    ada = house.guest()
    first = record_ids(await ada.type("/imagine a red circle"))[0]
    await ada.type(f"/upscale picture:{first} factor:4")
    request = house.executor.attempts[-1].request

    assert (request.task, request.width, request.factor) == (Task.UPSCALE, 1024, 4)
    assert request.strength == load_checkpoints(load_settings().models)["demo"].upscale_strength


async def test_the_same_picture_again_is_called_identical(house: House) -> None:
    ada = house.guest()
    first = record_ids(await ada.type("/imagine a red circle seed:3"))[0]
    message = await ada.type(f"/reproduce id:{first}")

    assert "Identical" in message["content"]


async def test_somebody_elses_public_picture_can_be_shown(house: House) -> None:
    first = record_ids(await house.guest("ada").type("/imagine a red circle seed:3"))[0]
    message = await house.guest("ben").type(f"/show id:{first}")

    assert record_ids(message) == [first]
    assert "Seed 3" in message["content"]
    assert not message["flags"] & EPHEMERAL


async def test_what_was_made_in_private_stays_private(house: House) -> None:
    first = record_ids(await house.guest("ada", "dm").type("/imagine a red circle"))[0]
    message = await house.guest("ben").type(f"/show id:{first}")

    assert "no picture" in message["content"]
    assert message["flags"] & EPHEMERAL


async def test_what_was_made_in_an_age_restricted_channel_stays_there(house: House) -> None:
    first = record_ids(await house.guest("ada", "after-dark").type("/imagine a red circle"))[0]
    message = await house.guest("ada").type(f"/show id:{first}")
    page = await house.guest("ada").type("/history")

    assert "age-restricted" in message["content"]
    assert 11 not in [component["type"] for component in components(page)]
    assert "a red circle" not in str(page["components"])


async def test_the_queue_says_that_it_is_empty(house: House) -> None:
    message = await house.guest().type("/queue")

    assert "Waiting: 0" in message["content"]
    assert message["flags"] & EPHEMERAL


async def test_help_and_licence_are_told_to_the_person_alone(house: House) -> None:
    ada = house.guest()
    told, rules = await ada.type("/help"), await first_answer(ada, "/license")

    assert "/imagine" in told["content"]
    assert "(k)" in rules["embeds"][0]["description"]
    assert told["flags"] & rules["flags"] & EPHEMERAL


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("/vary", "Which picture?"),
        ("/upscale picture:NOSUCHPICT", "There is no picture"),
        ("/show id:'; drop table records", "There is no picture"),
        ("/reproduce id:0", "There is no picture"),
        ("/imagine a cat model:best", "There is no model best"),
        ("/imagine a cat sampler:Magic", "There is no sampler"),
        ("/cancel", "nothing of yours to cancel"),
    ],
)
async def test_a_mistake_is_answered_with_what_to_do(house: House, text: str, sentence: str) -> None:
    message = await house.guest().type(text)

    assert sentence in message["content"]
    assert message["flags"] & EPHEMERAL
    assert house.executor.attempts == []


async def test_a_mistake_leaves_no_thinking_message_behind(house: House) -> None:
    ada = house.guest()
    await ada.type("/show id:NOSUCHPICT")

    assert [message["flags"] for message in await in_channel(ada)] == [EPHEMERAL]


async def test_a_prompt_that_is_too_long_gets_a_sentence(house: House) -> None:
    message = await house.guest().type(f"/imagine {'very ' * 1199}red")

    assert "2,000 is the most" in message["content"]


async def test_nobody_is_mentioned_by_a_prompt(house: House) -> None:
    message = await house.guest().type("/imagine @everyone <@1> ``` <#2> @here")

    assert (message["mention_everyone"], message["mentions"], message["mention_roles"]) == (False, [], [])
    assert message["content"].count("```") == 2


@pytest.mark.parametrize("option", ["seed:-1", "seed:4294967296", "steps:0", "steps:151", "count:5", "guidance:31"])
async def test_a_value_out_of_range_never_leaves_the_chat(house: House, option: str) -> None:
    with pytest.raises(Refused):
        await house.guest().type(f"/imagine a cat {option}")
