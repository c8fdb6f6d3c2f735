"""/settings: shown, changed in place, used where an option is left out."""

import asyncio
from pathlib import Path

import pytest
from bot_kit import POLL_SECONDS, House, in_channel, open_house, settled
from guest import Guest, Json, components, labels
from strict_policy import id_of

from db.presets import Owner
from db.session import Database
from inference.request import Sampler
from local_discord.server import LocalDiscord

EPHEMERAL = 64
STRING_SELECT = 3


async def choose(guest: Guest, message: Json, menu: str, value: str) -> Json:
    """Choose a value in the menu of that label; return the message as it is then."""
    custom_id = next(each["custom_id"] for each in components(message) if each.get("placeholder") == menu)
    body = {"message": message["id"], "custom_id": custom_id, "values": [value]}
    return await settled(guest, await guest.post("select", body))


async def fill_in(guest: Guest, message: Json, **fields: str) -> Json:
    started = await guest.push(message, "Numbers and words")
    return await guest.follow(started["interaction"], fields=fields)


def chosen(message: Json) -> dict[str, list[str]]:
    menus = (each for each in components(message) if each["type"] == STRING_SELECT)
    return {
        each["placeholder"]: [option["value"] for option in each["options"] if option.get("default")] for each in menus
    }


async def test_what_is_set_is_used_where_an_option_is_left_out(house: House) -> None:
    ada = house.guest()
    message = await ada.type("/settings")
    message = await choose(ada, message, "Sampler", "Euler a")
    message = await choose(ada, message, "Aspect", "phone wallpaper")
    message = await fill_in(ada, message, steps="7", guidance="0", count="2", negative_prompt="frames")
    await ada.type("/imagine a hill")
    request = house.executor.attempts[-1].request

    assert message["flags"] & EPHEMERAL
    assert "steps: 7" in message["content"]
    assert chosen(message) == {"Model": ["-"], "Aspect": ["phone wallpaper"], "Sampler": ["Euler a"], "Preset": ["-"]}
    assert (request.sampler, request.num_inference_steps, request.guidance_scale) == (Sampler.EULER_A, 7, 0)
    assert (request.count, request.negative_prompt) == (2, "frames")
    assert request.height > 2 * request.width


async def test_an_option_and_a_flag_go_before_it(house: House) -> None:
    ada = house.guest()
    message = await fill_in(ada, await ada.type("/settings"), steps="7", count="2", negative_prompt="frames")
    await choose(ada, message, "Aspect", "banner")
    await ada.type("/imagine a hill --steps 5 --no text --ar 1:1 count:1")
    request = house.executor.attempts[-1].request

    assert (request.num_inference_steps, request.count, request.negative_prompt) == (5, 1, "text")
    assert request.width == request.height


async def test_the_most_personal_negative_prompt_is_used_and_recorded(house: House) -> None:
    ada, mia = house.guest("ada"), house.guest("mia")
    demo = house.studio.catalogue["demo"]
    house.studio.catalogue.offered = {"demo": demo.model_copy(update={"negative_prompt": "of the model"})}
    used = []

    async def draw(text: str = "/imagine a hill") -> None:
        result = await ada.type(text)
        used.append(house.executor.attempts[-1].request.negative_prompt)
        assert f"Without: {used[-1]}" in result["content"]

    await draw()
    await fill_in(mia, await mia.type("/settings server:true"), negative_prompt="of the server")
    await draw()
    await fill_in(ada, await ada.type("/settings"), negative_prompt="of the person")
    await draw()
    await draw("/imagine a hill negative_prompt:of the option")

    assert used == ["of the model", "of the server", "of the person", "of the option"]


async def test_it_can_be_taken_back_one_by_one_or_all_at_once(house: House) -> None:
    ada = house.guest()
    message = await choose(ada, await ada.type("/settings"), "Preset", "ink")
    message = await choose(ada, message, "Sampler", "Euler")
    without_sampler = await choose(ada, message, "Sampler", "-")
    reset = await settled(ada, await ada.push(without_sampler, "Reset"))

    assert "sampler: Euler" in message["content"]
    assert "sampler" not in without_sampler["content"]
    assert "preset: ink" in without_sampler["content"]
    assert "Nothing is set" in reset["content"]


async def test_a_usual_preset_is_used_unless_none_is_asked_for(house: House) -> None:
    ada = house.guest()
    await choose(ada, await ada.type("/settings"), "Preset", "ink")
    await ada.type("/imagine a hill")
    await ada.type("/imagine a hill preset:none")
    first, second = (attempt.request for attempt in house.executor.attempts)

    assert first.prompt.startswith("ink drawing of a hill")
    assert (second.prompt, second.negative_prompt) == ("a hill", "")


async def test_what_is_no_longer_possible_is_left_out_and_told(house: House) -> None:
    ada = house.guest()
    demo = house.studio.catalogue["demo"]
    await ada.type("/preset save name:mine prompt:words")
    house.studio.catalogue.offered = {"demo": demo, "old": demo.model_copy(update={"name": "old"})}
    message = await choose(ada, await ada.type("/settings"), "Model", "old")
    message = await choose(ada, message, "Sampler", "Euler a")
    await choose(ada, message, "Preset", "mine")
    house.studio.catalogue.offered = {"demo": demo.model_copy(update={"samplers": (Sampler.DDIM,)})}
    await ada.type("/preset delete name:mine")
    result = await ada.type("/imagine a hill")

    for name in ("old", "Euler a", "mine"):
        assert f"{name} is set somewhere" in result["content"]
    assert house.executor.attempts[-1].request.checkpoint == "demo"


async def test_settings_of_the_server_are_the_moderators(house: House) -> None:
    ada = house.guest()

    assert "who may manage messages" in (await ada.type("/settings server:true"))["content"]


async def test_who_is_no_moderator_any_more_changes_nothing_of_the_server(house: House) -> None:
    ben, guild = house.guest("ben"), house.server.core.world.home
    roles = guild.members[id_of(house, "ben")].roles
    roles.append(next(role.id for role in guild.roles.values() if role.name == "Moderators"))
    message = await choose(ben, await ben.type("/settings server:true"), "Sampler", "Euler")
    roles.clear()
    for label in ("Reset", "Numbers and words"):
        await ben.push(message, label)
    await choose(ben, message, "Aspect", "wide")
    told: list[Json] = []
    async with asyncio.timeout(10):
        while len(told) < 3:
            await asyncio.sleep(POLL_SECONDS)
            told = [each for each in await in_channel(ben) if "who may manage messages" in each["content"]]

    assert await house.studio.preferences.of(Owner(guild_id=guild.id)) == {"sampler": "Euler"}


async def test_menus_and_buttons_outlive_a_restart(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_house(server, sqlite_database, tmp_path) as house:
        message = await choose(house.guest(), await house.guest().type("/settings"), "Sampler", "Euler")
    async with open_house(server, sqlite_database, tmp_path) as house:
        ada = house.guest()
        message = await choose(ada, message, "Aspect", "wide")
        filled = await fill_in(ada, message, steps="3")

    assert "sampler: Euler" in message["content"]
    assert "aspect: wide" in filled["content"]
    assert "steps: 3" in filled["content"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"steps": "900"}, "Steps go from 1 to 150"),
        ({"steps": "many"}, "cannot read “many”"),
        ({"guidance": "nan"}, "Guidance goes from 0 to 30"),
        ({"count": "9"}, "1 to 4 pictures"),
        ({"negative_prompt": "ada@example.org"}, "This is not drawn"),
    ],
)
async def test_what_cannot_be_set_is_told_and_nothing_is_lost(
    strict_house: House, fields: dict[str, str], sentence: str
) -> None:
    ada = strict_house.guest()
    message = await choose(ada, await ada.type("/settings"), "Sampler", "Euler")
    answer = await fill_in(ada, message, **fields)
    after = await ada.type("/settings")

    assert sentence in answer["content"]
    assert "sampler: Euler" in after["content"]
    assert labels(await ada.message(message["id"])) == ["Numbers and words", "Reset"]
