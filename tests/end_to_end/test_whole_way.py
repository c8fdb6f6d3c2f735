"""What people type and press, and what comes back: everything real between chat and disk."""

import asyncio
import io
import json
from collections.abc import Callable

import numpy as np
import pytest
from guest import CHANGES, Guest, Refused, button, labels, record_ids
from PIL import Image

QUICK = "steps:2"
People = Callable[..., Guest]


async def picture_of(person: Guest, message: dict) -> Image.Image:
    return Image.open(io.BytesIO(await person.fetch(message["attachments"][0])))


async def size_of(person: Guest, message: dict) -> tuple[int, int]:
    return (await picture_of(person, message)).size


async def test_words_become_a_picture_with_its_seed_and_alt_text(guest: People) -> None:
    ada = guest()
    message = await ada.type(f"/imagine a red circle seed:7 {QUICK}")
    picture = message["attachments"][0]

    assert await size_of(ada, message) == (256, 256)
    assert "a red circle" in picture["description"]
    assert "7" in message["content"]
    assert labels(message) == [*CHANGES, "Again", "Remix", "Details", "Delete"]


async def test_the_same_seed_gives_the_same_pixels_and_seed_zero_is_a_seed(guest: People) -> None:
    ada = guest()
    first, second, other = [await ada.type(f"/imagine a tree {QUICK} seed:{seed}") for seed in (0, 0, 1)]
    pictures = [np.asarray(await picture_of(ada, each), np.int16) for each in (first, second, other)]

    assert "Seed 0" in first["content"]
    assert np.abs(pictures[0] - pictures[1]).mean() < 3  # the marks name different records
    assert np.abs(pictures[0] - pictures[2]).mean() > 10


async def test_several_pictures_each_have_their_own_buttons_and_reproduce_alone(guest: People) -> None:
    ada = guest()
    message = await ada.type(f"/imagine three fish {QUICK} count:3 seed:5")

    assert len(message["attachments"]) == 3
    assert labels(message)[:6] == ["Vary 1", "Vary 2", "Vary 3", "Upscale 1", "Upscale 2", "Upscale 3"]
    assert "Identical" in (await ada.type(f"/reproduce {record_ids(message)[2]}"))["content"]


async def test_a_size_that_the_model_cannot_draw_is_snapped_and_the_reply_says_so(guest: People) -> None:
    ada = guest()
    message = await ada.type(f"/imagine a wide sea {QUICK} width:301 height:257")

    assert await size_of(ada, message) == (304, 256)
    assert "304×256" in message["content"]


async def test_a_size_far_from_the_models_own_is_warned_of(guest: People) -> None:
    message = await guest().type(f"/imagine a very wide sea {QUICK} width:768 height:256")

    assert "trained" in message["content"]


async def test_vary_upscale_again_and_remix_go_on_from_a_picture(guest: People) -> None:
    ada = guest()
    first = await ada.type(f"/imagine a house {QUICK} seed:3")
    varied = await ada.press(first, "Vary")
    larger = await ada.press(first, "Upscale")
    again = await ada.press(first, "Again")
    remixed = await ada.follow(
        (await ada.push(first, "Remix"))["interaction"], fields={"prompt": "a green house", "seed": "11"}
    )

    assert record_ids(first)[0] in varied["content"]
    assert await size_of(ada, larger) == (512, 512)
    assert "a house" in again["content"]
    assert "Seed 3," not in again["content"]
    assert "a green house" in remixed["content"]
    assert "Seed 11" in remixed["content"]


async def test_everything_reproduces_variations_and_enlargements_too(guest: People) -> None:
    ada = guest()
    first = await ada.type(f"/imagine a star {QUICK} seed:1")
    varied = await ada.type(f"/vary {record_ids(first)[0]} strength:strong seed:9")
    larger = await ada.type(f"/upscale {record_ids(varied)[0]} factor:2")

    assert "Identical" in (await ada.type(f"/reproduce {record_ids(varied)[0]}"))["content"]
    assert "Identical" in (await ada.type(f"/reproduce {record_ids(larger)[0]}"))["content"]


async def test_another_member_can_go_on_from_anybodys_public_picture(guest: People) -> None:
    first = await guest("ada").type(f"/imagine a boat {QUICK} seed:1")
    varied = await guest("ben").press(first, "Vary")

    assert len(varied["attachments"]) == 1


async def test_what_is_made_in_direct_messages_is_nobody_elses_to_see(guest: People) -> None:
    private = await guest("ada", "dm").type(f"/imagine a secret {QUICK}")
    refused = await guest("ben").type(f"/vary {record_ids(private)[0]}")

    assert refused["ephemeral"]
    assert "no picture" in refused["content"]
    assert len((await guest("ada", "dm").type(f"/show {record_ids(private)[0]}"))["attachments"]) == 1


async def test_the_history_is_searched_and_shows_thumbnails(guest: People) -> None:
    ada = guest()
    await ada.type(f"/imagine a purple quagga {QUICK}")
    found = await ada.type("/history search:quagga")
    nothing = await ada.type("/history search:no-such-words-anywhere")

    assert found["ephemeral"]
    assert "purple quagga" in json.dumps(found["components"])
    assert "thumbnail" in json.dumps(found).lower() or '"type": 11' in json.dumps(found)
    assert "quagga" not in json.dumps(nothing["components"])


async def test_details_tell_everything_that_made_a_picture(guest: People) -> None:
    ada = guest()
    first = await ada.type(f"/imagine a lamp {QUICK} seed:4 negative_prompt:shade")
    details = await ada.press(first, "Details")
    text = json.dumps(details)

    assert details["ephemeral"]
    assert all(word in text for word in ("a lamp", "shade", "4", "DDIM", "torch"))


async def gone(person: Guest, message: dict) -> None:
    """Wait until nobody sees the message any more."""
    async with asyncio.timeout(10):
        while message["id"] in {each["id"] for each in await person.messages()}:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_only_the_requester_or_a_moderator_deletes(guest: People) -> None:
    ada = guest("ada")
    first, second = [await ada.type(f"/imagine a pear {QUICK}") for _ in range(2)]
    refused = await guest("ben").press(first, "Delete")
    await ada.push(first, "Delete")
    await guest("mia").push(second, "Delete")

    assert "moderator" in refused["content"]
    await gone(ada, first)
    await gone(ada, second)
    assert "no picture" in (await ada.type(f"/show {record_ids(first)[0]}"))["content"]


async def test_message_menus_vary_upscale_and_explain(guest: People) -> None:
    ada = guest()
    first = await ada.type(f"/imagine a moon {QUICK} seed:2")

    assert len((await ada.use("Use as source", first["id"]))["attachments"]) == 1
    assert "a moon" in json.dumps(await ada.use("Details", first["id"]))


async def test_a_waiting_job_says_its_place_and_can_be_cancelled(guest: People) -> None:
    ada = guest()
    await ada.type(f"/imagine warm up {QUICK}")
    long = [
        (await ada.post("run", {"channel": "studio", "text": f"/imagine slow {number} steps:150"}))["interaction"]
        for number in range(3)
    ]
    for each in long:
        await ada.get(f"interactions/{each}", wait=10)
    queue = await ada.type("/queue")
    cancelled = await ada.type("/cancel")
    ends = [await ada.follow(each) for each in long]

    assert "slow" in queue["content"]
    assert "3" in cancelled["content"]
    assert [each["attachments"] for each in ends] == [[], [], []]


async def test_options_complete_themselves(guest: People) -> None:
    ada = guest()
    await ada.type(f"/imagine a completed thought {QUICK}")
    query = {"channel": "studio", "command": "show", "options": {"id": "completed"}, "focused": "id"}
    choices = (await ada.post("autocomplete", query))["choices"]

    assert any("a completed thought" in choice["name"] for choice in choices)


@pytest.mark.parametrize("name", ["license", "help", "queue"])
async def test_what_explains_itself_is_for_the_person_alone(guest: People, name: str) -> None:
    ada = guest()
    started = await ada.post("run", {"channel": "studio", "text": f"/{name}"})

    assert (await ada.answer(started["interaction"]))["ephemeral"]


async def test_nobody_draws_before_accepting_the_licence(guest: People) -> None:
    mia = guest("mia", "mod-room")  # no other test lets her draw
    started = await mia.post("run", {"channel": "mod-room", "text": f"/imagine a first wish {QUICK}"})
    asked = await mia.answer(started["interaction"])

    assert asked["ephemeral"]
    assert labels(asked) == ["Accept"]
    assert "harm" in json.dumps(asked)
    drawn = await mia.press(asked, "Accept")
    assert "a first wish" in drawn["content"]
    assert button(drawn, "Vary")


async def test_a_value_out_of_range_is_refused_by_the_chat_client_itself(guest: People) -> None:
    for words in ("steps:0", "steps:151", "count:5", "guidance:31", "seed:-1", "seed:4294967296"):
        with pytest.raises(Refused):
            await guest().type(f"/imagine a circle {words}")
