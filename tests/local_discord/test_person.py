"""Acting as a person: what can be typed, chosen and filled in, and what Discord's client would refuse."""

import asyncio
import json
import sys
from asyncio import create_subprocess_exec, subprocess, timeout

import aiohttp
import pytest
from local_discord_kit import Bot, Person, png

from local_discord.server import LocalDiscord

OPTIONS = [
    {"name": "prompt", "description": "d", "type": 3, "required": True},
    {"name": "seed", "description": "d", "type": 4, "min_value": 0, "max_value": 99},
    {"name": "guidance", "description": "d", "type": 10, "max_value": 20},
    {"name": "tone", "description": "d", "type": 3, "choices": [{"name": "Jade Green", "value": "jade"}]},
    {"name": "private", "description": "d", "type": 5},
    {"name": "user", "description": "d", "type": 6},
    {"name": "room", "description": "d", "type": 7, "channel_types": [0]},
    {"name": "role", "description": "d", "type": 8},
    {"name": "who", "description": "d", "type": 9},
    {"name": "start", "description": "d", "type": 11},
    {"name": "mask", "description": "d", "type": 11},
    {"name": "model", "description": "d", "type": 3, "autocomplete": True, "max_length": 5},
]


@pytest.fixture
async def offered(bot: Bot) -> None:
    await bot.command(options=OPTIONS)


async def typed(bot: Bot, ada: Person, text: str) -> dict:
    await ada.run(text)
    data = (await bot.interaction())["data"]
    return {option["name"]: option["value"] for option in data["options"]}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("/imagine a red circle", {"prompt": "a red circle"}),
        ("/imagine a red circle seed:7 guidance:1.5", {"prompt": "a red circle", "seed": 7, "guidance": 1.5}),
        ("/imagine seed:0 prompt:time: now, 16:9", {"prompt": "time: now, 16:9", "seed": 0}),
        ("/imagine x tone:jade green private:True", {"prompt": "x", "tone": "jade", "private": True}),
        ("/imagine x tone:jade", {"prompt": "x", "tone": "jade"}),
        ("/imagine two\nlines seed:1", {"prompt": "two\nlines", "seed": 1}),
        ("/imagine مرحبا 🌊 \u202eabc", {"prompt": "مرحبا 🌊 \u202eabc"}),
        ("/imagine seed: prompt:x", {"prompt": "x"}),
    ],
)
async def test_typed_text(bot: Bot, ada: Person, offered: None, text: str, values: dict) -> None:
    assert await typed(bot, ada, text) == values


async def test_six_thousand_characters(bot: Bot, ada: Person, offered: None) -> None:
    assert (await typed(bot, ada, "/imagine " + "x" * 6000))["prompt"] == "x" * 6000


async def test_things_are_resolved(bot: Bot, ada: Person, server: LocalDiscord, offered: None) -> None:
    await ada.run("/imagine x user:@ben room:#studio role:Moderators who:mia", files=[("a.png", png(3, 4))])
    data = (await bot.interaction())["data"]
    values = {option["name"]: option["value"] for option in data["options"]}
    resolved = data["resolved"]

    assert resolved["users"][values["user"]]["username"] == "ben"
    assert resolved["members"][values["user"]]["permissions"].isdigit()
    assert "user" not in resolved["members"][values["user"]]
    assert resolved["channels"][values["room"]]["name"] == "studio"
    assert resolved["roles"][values["role"]]["name"] == "Moderators"
    assert resolved["users"][values["who"]]["username"] == "mia"
    assert resolved["attachments"][values["start"]]["width"] == 3
    assert "mask" not in values


async def test_files_go_where_their_number_says(bot: Bot, ada: Person, offered: None) -> None:
    told = {"command": "imagine", "options": {"prompt": "x", "mask": 0}}
    await ada.post("run", told, files=[("m.png", png())])
    data = (await bot.interaction())["data"]

    assert [option["name"] for option in data["options"]] == ["prompt", "mask"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("/imagine seed:7", "“prompt” is required."),
        ("/imagine x seed:100", "“seed” must be between 0 and 99."),
        ("/imagine x seed:-1", "“seed” must be between 0 and 99."),
        ("/imagine x seed:1.5", "“seed” must be a whole number, not “1.5”."),
        ("/imagine x guidance:nan", "“guidance” must be a number, not “nan”."),
        ("/imagine x tone:blue", "“tone” must be one of: Jade Green."),
        ("/imagine x private:maybe", "“private” must be True or False."),
        ("/imagine x user:zoe", "“user”: there is nobody called “zoe”."),
        ("/imagine x room:nowhere", "“room”: there is no such channel as “nowhere”."),
        ("/imagine x role:kings", "“role”: there is no role called “kings”."),
        ("/imagine x model:abcdef", "“model” may be at most 5 characters long; this is 6."),
        ("/imagine x seed:1 seed:2", "“seed” is given twice."),
        ("/imagine " + "x" * 6001, "“prompt” may be at most 6000 characters long; this is 6001."),
        ("imagine x", "A command starts with “/”."),
    ],
    ids=lambda value: value[:30],
)
async def test_what_the_client_would_refuse(ada: Person, offered: None, text: str, sentence: str) -> None:
    reply = await ada.post("run", {"text": text})

    assert (reply.status, reply.body) == (400, {"error": sentence})


@pytest.mark.parametrize(
    ("path", "told", "status"),
    [
        ("run", {"text": "/nothing"}, 404),
        ("run", {"text": "/imagine x", "user": "zoe"}, 404),
        ("run", {"text": "/imagine x", "channel": "nowhere"}, 404),
        ("run", {"command": "imagine", "options": {"prompt": "x", "sed": 1}}, 400),
        ("run", {}, 400),
        ("autocomplete", {"command": "imagine", "options": {}, "focused": "seed"}, 400),
        ("press", {"message": "1", "custom_id": "x"}, 404),
        ("submit", {"interaction": "1", "fields": {}}, 404),
        ("say", {"content": ""}, 400),
        ("say", {"content": "x" * 2001}, 400),
        ("clock", {"advance": -1}, 400),
        ("permissions", {"channel": "nowhere"}, 404),
        ("guilds", {"name": "x", "owner": "ada"}, 400),
        ("nowhere", {}, 404),
    ],
    ids=str,
)
async def test_refusals_are_sentences(ada: Person, offered: None, path: str, told: dict, status: int) -> None:
    reply = await ada.post(path, told)

    assert reply.status == status
    assert isinstance(reply.body["error"], str)


async def test_commands_are_offered_where_they_belong(bot: Bot, ada: Person, mia: Person) -> None:
    await bot.command(name="grown-up", nsfw=True)
    await bot.command(name="server-only", contexts=[0])
    await bot.command(name="moderate", default_member_permissions=str(1 << 5))

    async def names(person: Person, channel: str) -> set[str]:
        return {command["name"] for command in await person.get("commands", channel=channel)}

    assert await names(ada, "studio") == {"server-only"}
    assert await names(ada, "after-dark") == {"server-only", "grown-up"}
    assert await names(mia, "studio") == {"server-only", "moderate"}
    assert await names(ada, "dm") == {"moderate"}


async def test_subcommands(bot: Bot, ada: Person) -> None:
    inner = {"type": 1, "name": "one", "description": "d", "options": [OPTIONS[0]]}
    await bot.command(name="look", options=[{"type": 2, "name": "at", "description": "d", "options": [inner]}])
    await ada.run("/look at one the sky")
    (group,) = (await bot.interaction())["data"]["options"]
    lost = await ada.post("run", {"text": "/look at two"})

    assert (group["name"], group["options"][0]["name"]) == ("at", "one")
    assert group["options"][0]["options"][0]["value"] == "the sky"
    assert lost.body["error"] == "“/look” needs one of: one."


async def test_autocomplete_tells_what_is_typed(bot: Bot, ada: Person, offered: None) -> None:
    told = {"command": "imagine", "options": {"prompt": "x", "seed": "7", "model": "sd"}, "focused": "model"}
    asking = ada.post("autocomplete", told)

    async def reply() -> dict:
        asked = await bot.interaction()
        await bot.respond(asked, 8, {"choices": [{"name": "SD 1.5", "value": "sd15"}]})
        return asked

    answered, asked = await asyncio.gather(asking, reply())

    assert answered.body == {"choices": [{"name": "SD 1.5", "value": "sd15"}]}
    assert asked["data"]["options"][1] == {"name": "seed", "type": 4, "value": 7}
    assert asked["data"]["options"][-1] == {"name": "model", "type": 3, "value": "sd", "focused": True}


async def test_disabled_and_link_buttons_cannot_be_pressed(bot: Bot, ada: Person, studio: int) -> None:
    off = {"type": 2, "style": 1, "label": "x", "custom_id": "off", "disabled": True}
    body = {"components": [{"type": 1, "components": [off]}]}
    message = (await bot.call("POST", f"/channels/{studio}/messages", body)).body
    reply = await ada.post("press", {"message": message["id"], "custom_id": "off"})

    assert reply.body == {"error": "This is disabled."}


@pytest.mark.parametrize("values", [[], ["c"], ["a", "b"], ["a", "a"]])
async def test_selects_take_what_they_offer(bot: Bot, ada: Person, studio: int, values: list[str]) -> None:
    menu = {"type": 3, "custom_id": "s", "options": [{"label": name, "value": name} for name in "ab"]}
    body = {"components": [{"type": 1, "components": [menu]}]}
    message = (await bot.call("POST", f"/channels/{studio}/messages", body)).body
    good = await ada.post("select", {"message": message["id"], "custom_id": "s", "values": ["b"]})
    bad = await ada.post("select", {"message": message["id"], "custom_id": "s", "values": values})

    assert (good.status, bad.status) == (200, 400)
    assert (await bot.interaction())["data"]["values"] == ["b"]


@pytest.mark.parametrize("value", ["", "ab", "abcdef"])
async def test_modal_fields_are_checked(bot: Bot, ada: Person, offered: None, value: str) -> None:
    await ada.run("/imagine x")
    asked = await bot.interaction()
    field = {"type": 4, "custom_id": "t", "style": 1, "label": "Text", "min_length": 3, "max_length": 5}
    modal = {"custom_id": "m", "title": "M", "components": [{"type": 1, "components": [field]}]}
    await bot.respond(asked, 9, modal)
    bad = await ada.post("submit", {"interaction": asked["id"], "fields": {"t": value}})
    good = await ada.post("submit", {"interaction": asked["id"], "fields": {"t": "abcd"}})
    submitted = await bot.interaction()
    answered = await bot.respond(submitted, 4, {"content": "thanks"}, query="?with_response=true")

    assert (bad.status, good.status) == (400, 200)
    assert submitted["data"]["components"][0]["components"][0]["value"] == "abcd"
    metadata = answered.body["resource"]["message"]["interaction_metadata"]
    assert metadata["triggering_interaction_metadata"]["id"] == asked["id"]


async def test_people_delete_their_own_and_moderators_anybodys(ada: Person, ben: Person, mia: Person) -> None:
    first = (await ada.post("say", {"content": "one"})).body
    second = (await ada.post("say", {"content": "two"}, files=[("a.png", png())])).body

    assert (await ben.post("delete", {"message": first["id"]})).status == 409
    assert (await ada.post("delete", {"message": first["id"]})).status == 200
    assert (await mia.post("delete", {"message": second["id"]})).status == 200
    assert await ada.messages() == []


async def test_too_large_a_file_is_refused_in_words(ada: Person) -> None:
    reply = await ada.post("say", {"content": "x"}, files=[("big.bin", bytes(11 << 20))])

    assert (reply.status, reply.body["error"]) == (400, "A file may be at most 10 MiB, and all together 25 MiB.")


async def test_world_names_everything(ada: Person, server: LocalDiscord) -> None:
    world = await ada.get("world")

    assert world["bot_online"] is True
    assert [user["name"] for user in world["users"]] == ["ada", "ben", "mia"]
    assert [(room["name"], room["nsfw"]) for room in world["channels"]][:2] == [("studio", False), ("after-dark", True)]
    assert server.token not in json.dumps(world)


async def test_alone_it_prints_where_it_is_and_stops_when_told() -> None:
    command = (sys.executable, "-m", "local_discord", "--port", "0")
    process = await create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        async with timeout(20), aiohttp.ClientSession() as session:
            told = json.loads(await process.stdout.readline())
            headers = {"Authorization": f"Bot {told['token']}"}
            async with session.get(f"{told['rest']}/users/@me", headers=headers) as answer:
                assert answer.status == 200
            async with session.get(told["page"]) as answer:
                assert answer.content_type == "text/html"
        process.terminate()
        async with timeout(10):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
