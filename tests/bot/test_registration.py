"""What Discord is told of the commands, and what they suggest."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from bot_kit import House
from guest import Json, record_ids

STRING, INTEGER, USER, NUMBER, ATTACHMENT = 3, 4, 6, 10, 11
SLASH, MESSAGE_MENU = 1, 3
MANAGE_MESSAGES = 1 << 13
MODERATORS = ("moderation", "status")


async def registered(house: House) -> dict[tuple[int, str], Json]:
    assert house.client.application_id is not None
    commands = await house.client.http.get_global_commands(house.client.application_id)
    return {(command["type"], command["name"]): dict(command) for command in commands}


def options(command: Json) -> dict[str, Json]:
    return {option["name"]: option for option in command["options"]}


def nested(option: Json) -> Iterator[Json]:
    """Yield a command or option, and all that is in it."""
    yield option
    for inner in option.get("options", []):
        yield from nested(inner)


async def choices(house: House, command: str, focused: str, channel: str = "studio", **typed: Any) -> list[Json]:
    ada = house.guest()
    body = {"channel": channel, "command": command, "options": typed, "focused": focused}
    return list((await ada.post("autocomplete", body))["choices"])


async def test_every_command_is_there_and_described(house: House) -> None:
    commands = await registered(house)

    assert {name for kind, name in commands if kind == SLASH} == {
        "imagine",
        "vary",
        "upscale",
        "inpaint",
        "compare",
        "outpaint",
        "blend",
        "history",
        "show",
        "lineage",
        "sharing",
        "remix",
        "reproduce",
        "verify",
        "queue",
        "cancel",
        "appeal",
        "report",
        "privacy",
        "preset",
        "settings",
        "moderation",
        "status",
        "license",
        "help",
    }
    assert {name for kind, name in commands if kind == MESSAGE_MENU} == {
        "Use as source",
        "Upscale",
        "Details",
        "Report",
        "Verify",
    }
    for command in commands.values():
        described = list(nested(command)) if command["type"] == SLASH else []
        assert all(1 <= len(each["description"]) <= 100 for each in described)
        assert all(re.fullmatch(r"[a-z0-9_]{1,32}", each["name"]) for each in described)
        contexts, needed = ([0], str(MANAGE_MESSAGES)) if command["name"] in MODERATORS else ([0, 1], None)
        assert (command["contexts"], command["integration_types"]) == (contexts, [0])
        assert command["default_member_permissions"] == needed


async def test_imagine_tells_ranges_and_choices(house: House) -> None:
    told = options((await registered(house))[SLASH, "imagine"])
    ranges = {
        name: (option["min_value"], option["max_value"]) for name, option in told.items() if "min_value" in option
    }

    assert ranges == {
        "seed": (0, 2**32 - 1),
        "steps": (1, 150),
        "guidance": (0, 30),
        "width": (64, 4096),
        "height": (64, 4096),
        "count": (1, 4),
    }
    assert [name for name, option in told.items() if option.get("required")] == ["prompt"]
    assert [name for name, option in told.items() if option.get("autocomplete")] == [
        "aspect",
        "sampler",
        "model",
        "preset",
        "adapters",
    ]
    assert "max_length" not in told["prompt"]


async def test_commands_are_sent_only_if_they_changed_or_were_lost(house: House) -> None:
    unchanged = await house.client.sync_commands()
    assert house.client.application_id is not None
    lost = (await registered(house))[SLASH, "help"]
    await house.client.http.delete_global_command(house.client.application_id, int(lost["id"]))
    after_a_loss = await house.client.sync_commands()
    removed = house.client.tree.remove_command("help")
    after_a_change = await house.client.sync_commands()

    assert removed is not None
    assert [unchanged, after_a_loss, after_a_change] == [False, True, True]
    assert (SLASH, "help") not in await registered(house)


async def test_pictures_are_suggested_by_words_and_by_id(house: House) -> None:
    ada = house.guest()
    red = record_ids(await ada.type(f"/imagine a red circle {'very ' * 30}"))[0]
    blue = record_ids(await ada.type("/imagine a blue circle"))[0]

    assert [choice["value"] for choice in await choices(house, "show", "id", id="")] == [blue, red]
    assert [choice["value"] for choice in await choices(house, "vary", "picture", picture="RED")] == [red]
    assert [choice["value"] for choice in await choices(house, "show", "id", id=blue[:5].lower())] == [blue]
    assert all(len(choice["name"]) <= 100 for choice in await choices(house, "show", "id", id=""))


async def test_pictures_of_an_age_restricted_channel_are_suggested_only_there(house: House) -> None:
    first = record_ids(await house.guest("ada", "after-dark").type("/imagine a red circle"))[0]

    assert await choices(house, "show", "id", id="") == []
    assert [each["value"] for each in await choices(house, "show", "id", "after-dark", id="")] == [first]
    assert [each["value"] for each in await choices(house, "show", "id", "dm", id="")] == [first]


@pytest.mark.parametrize(
    ("option", "typed", "expected"),
    [
        ("sampler", "ddi", ["DDIM"]),
        ("sampler", "euler", ["Euler", "Euler a"]),
        ("model", "DEM", ["demo"]),
        ("aspect", "wallp", ["phone wallpaper", "tablet wallpaper", "desktop wallpaper"]),
        ("preset", "ink", ["ink"]),
    ],
)
async def test_settings_are_suggested(house: House, option: str, typed: str, expected: list[str]) -> None:
    found = await choices(house, "imagine", option, prompt="a cat", **{option: typed})

    assert [choice["value"] for choice in found] == expected


async def test_no_sampler_is_suggested_for_a_model_that_is_not_there(house: House) -> None:
    assert await choices(house, "imagine", "sampler", model="best", sampler="") == []


async def test_strengths_are_suggested_by_name_and_number(house: House) -> None:
    found = [choice["value"] for choice in await choices(house, "vary", "strength", strength="")]

    assert found[:2] == ["subtle", "strong"]
    assert "0.5" in found
