"""The gateway as a client on the wire meets it: logging in, beating, being refused, being told."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from gateway_kit import GUILDS, Place, running_gateway

from local_discord.gateway_connection import MAX_QUEUED

GUILD_MEMBERS, GUILD_PRESENCES, GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 2, 256, 512, 4096, 1 << 15


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with running_gateway() as place:
        yield place


async def test_hello_ready_and_guild_create_arrive_in_order(place: Place) -> None:
    client = await place.connect()
    hello = await client.receive()
    ready = await client.identify(place.world.token)
    guild = await client.event("GUILD_CREATE")

    assert (hello["op"], hello["d"]["heartbeat_interval"]) == (10, 41250)
    assert ready["guilds"] == [{"id": str(place.world.home.id), "unavailable": True}]
    assert ready["application"]["id"] == str(place.world.application_id)
    assert ready["resume_gateway_url"] == place.url.replace("http", "ws")
    assert guild["id"] == str(place.world.home.id)
    assert {channel["name"] for channel in guild["channels"]} == {"studio", "after-dark", "mod-room"}
    assert place.gateway.online


async def test_a_heartbeat_is_acknowledged_even_before_identify(place: Place) -> None:
    client = await place.connect()
    await client.send(1, None)

    assert (await client.op(11))["op"] == 11


async def test_events_are_numbered_without_gaps(place: Place) -> None:
    client, _ = await place.login()
    await client.event("GUILD_CREATE")
    for number in range(5):
        place.say(number)

    assert [(await client.receive())["s"] for _ in range(5)] == [3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"token": "wrong"}, 4004),
        ({"token": None}, 4002),
        ({"properties": None}, 4002),
        ({"shard": [2, 2]}, 4010),
        ({"shard": [0]}, 4010),
        ({"shard": "0"}, 4010),
        ({"intents": None}, 4013),
        ({"intents": 1 << 30}, 4013),
        ({"intents": -1}, 4013),
        ({"intents": GUILD_MEMBERS}, 4014),
        ({"intents": GUILD_PRESENCES}, 4014),
        ({"intents": MESSAGE_CONTENT}, 4014),
    ],
)
async def test_a_bad_identify_is_refused_with_its_code(place: Place, changed: dict[str, Any], code: int) -> None:
    client = await place.connect()
    good = {"token": place.world.token, "properties": {}, "intents": GUILDS}
    await client.send(2, good | changed)

    assert await client.closed() == code
    assert not place.gateway.online


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not json", 4002),
        ("[]", 4002),
        ("[" * 4000, 4002),
        ('{"op": null}', 4002),
        ('{"op": 2, "d": []}', 4002),
        ('{"op": 77, "d": null}', 4001),
        ('{"op": 10, "d": null}', 4001),
        ('{"op": 3, "d": {}}', 4003),
        ('{"op": 8, "d": {}}', 4003),
        ('{"op": 1, "d": "' + "x" * 4096 + '"}', 4002),
    ],
)
async def test_a_frame_that_makes_no_sense_closes_with_its_code(place: Place, text: str, code: int) -> None:
    client = await place.connect()
    await client.socket.send_str(text)

    assert await client.closed() == code


@pytest.mark.parametrize(("query", "code"), [({"v": "9"}, 4012), ({"encoding": "etf"}, 4002)])
async def test_another_version_or_encoding_is_refused(place: Place, query: dict[str, str], code: int) -> None:
    client = await place.connect(**query)

    assert await client.closed() == code


async def test_nothing_after_a_refused_frame_counts(place: Place) -> None:
    client = await place.connect()
    await client.send(3, {})
    await client.send(2, {"token": place.world.token, "properties": {}, "intents": GUILDS})

    assert await client.closed() == 4003
    assert not place.gateway.online


async def test_identifying_twice_is_refused(place: Place) -> None:
    client, _ = await place.login()
    await client.send(2, {"token": place.world.token, "properties": {}, "intents": GUILDS})

    assert await client.closed() == 4005


async def test_more_than_120_payloads_a_minute_are_refused(place: Place) -> None:
    client, _ = await place.login()
    for _ in range(120):
        await client.send(1, None)

    assert await client.closed() == 4008


async def test_identifying_again_too_soon_is_an_invalid_session_and_may_be_repeated() -> None:
    async with running_gateway(identify_window=0.3) as place:
        await place.login()
        hasty = await place.connect()
        identify = {"token": place.world.token, "properties": {}, "intents": GUILDS}
        await hasty.send(2, identify)
        refused = await hasty.op(9)
        await asyncio.sleep(0.3)
        await hasty.send(2, identify)

        assert refused["d"] is False
        assert await hasty.event("READY")


async def test_a_silent_client_is_asked_for_a_heartbeat_and_then_closed() -> None:
    async with running_gateway(heartbeat=0.1) as place:
        client, ready = await place.login()
        await client.op(1)

        assert await client.closed() == 4009

        again = await place.connect()
        await again.resume(place.world.token, ready["session_id"], 1)

        assert (await again.op(9))["d"] is False


async def test_a_client_that_answers_the_request_for_a_heartbeat_stays() -> None:
    async with running_gateway(heartbeat=0.1) as place:
        client, _ = await place.login()
        for _ in range(3):
            await client.op(1)
            await client.send(1, client.seq)
        place.say(1)

        assert await client.event("CHANNEL_UPDATE")


async def test_a_zlib_stream_carries_the_whole_connection(place: Place) -> None:
    client = await place.connect(compress="zlib-stream")
    await client.identify(place.world.token)
    place.say(1)

    assert (await client.event("CHANNEL_UPDATE"))["number"] == 1


async def test_a_compression_that_is_not_spoken_here_means_plain_frames(place: Place) -> None:
    client = await place.connect(compress="zstd-stream")

    assert (await client.receive())["op"] == 10


async def test_payload_compression_compresses_each_large_payload_by_itself(place: Place) -> None:
    client = await place.connect()
    await client.op(10)
    await client.send(2, {"token": place.world.token, "properties": {}, "intents": GUILDS, "compress": True})
    frames = [await client.socket.receive(timeout=5) for _ in range(2)]
    guild = json.loads(zlib.decompress(frames[1].data))

    assert guild["t"] == "GUILD_CREATE"


async def test_a_guild_is_told_to_its_shard_and_direct_messages_to_the_first(place: Place) -> None:
    other = place.world.add_guild("Elsewhere", place.world.people[0])
    while (other.id >> 22) % 2 == (place.world.home.id >> 22) % 2:
        other = place.world.add_guild("Elsewhere", place.world.people[0])
        await asyncio.sleep(0.001)
    shards = [(await place.login(shard=[n, 2], intents=GUILDS | DIRECT_MESSAGES))[0] for n in range(2)]
    for guild in (place.world.home, other):
        place.say(guild.id, guild.id)
    place.gateway.dispatch("CHANNEL_PINS_UPDATE", {}, guild_id=None)

    for number, client in enumerate(shards):
        mine = next(g for g in (place.world.home, other) if (g.id >> 22) % 2 == number)
        assert (await client.event("CHANNEL_UPDATE"))["number"] == mine.id
    assert await shards[0].event("CHANNEL_PINS_UPDATE") == {}
    assert "CHANNEL_PINS_UPDATE" not in shards[1].seen


async def test_ready_lists_only_the_guilds_of_the_shard(place: Place) -> None:
    home = (place.world.home.id >> 22) % 2
    _, ready = await place.login(shard=[1 - home, 2])

    assert ready["guilds"] == []
    assert ready["shard"] == [1 - home, 2]


async def test_intents_hold_events_back(place: Place) -> None:
    deaf, _ = await place.login(intents=0)
    listening, _ = await place.login(intents=GUILDS | GUILD_MESSAGES)
    home = place.world.home.id
    place.gateway.dispatch("MESSAGE_CREATE", _message(place), guild_id=home)
    place.gateway.dispatch("INTERACTION_CREATE", {"id": "1"}, guild_id=home)
    for client in (deaf, listening):
        await client.event("INTERACTION_CREATE")

    assert deaf.seen == ["READY", "INTERACTION_CREATE"]
    assert listening.seen == ["READY", "GUILD_CREATE", "MESSAGE_CREATE", "INTERACTION_CREATE"]


async def test_other_peoples_words_are_blank_without_the_content_intent(place: Place) -> None:
    client, _ = await place.login(intents=GUILDS | GUILD_MESSAGES)
    home, bot = place.world.home.id, place.world.bot
    place.gateway.dispatch("MESSAGE_CREATE", _message(place), guild_id=home)
    place.gateway.dispatch("MESSAGE_CREATE", _message(place) | {"author": bot.payload()}, guild_id=home)
    place.gateway.dispatch("MESSAGE_CREATE", _message(place) | {"mentions": [bot.payload()]}, guild_id=home)
    words = [(await client.event("MESSAGE_CREATE"))["content"] for _ in range(3)]

    assert words == ["", "hello", "hello"]


async def test_members_are_found_by_name_and_by_id_but_not_listed_without_the_intent(place: Place) -> None:
    client, _ = await place.login()
    home = str(place.world.home.id)
    ada = next(user for user in place.world.people if user.name == "ada")
    await client.send(8, {"guild_id": home, "query": "", "limit": 0})
    await client.send(8, {"guild_id": home, "query": "A", "limit": 5, "nonce": "n"})
    by_name = await client.event("GUILD_MEMBERS_CHUNK")
    await client.send(8, {"guild_id": home, "user_ids": [str(ada.id), "1"]})
    by_id = await client.event("GUILD_MEMBERS_CHUNK")

    assert [by_name["nonce"], by_name["chunk_index"], by_name["chunk_count"]] == ["n", 0, 1]
    assert {member["user"]["username"] for member in by_name["members"]} == {"ada", "Atelier"}
    assert [member["user"]["id"] for member in by_id["members"]] == [str(ada.id)]
    assert by_id["not_found"] == ["1"]


async def test_presence_and_voice_are_accepted(place: Place) -> None:
    client, _ = await place.login()
    await client.send(3, {"since": None, "activities": [], "status": "idle", "afk": False})
    await client.send(4, {"guild_id": str(place.world.home.id), "channel_id": None})
    await client.send(1, None)

    assert await client.op(11)


@pytest.mark.parametrize(
    "request_members",
    [
        None,
        {},
        {"guild_id": "1"},
        {"guild_id": "1", "query": "", "user_ids": []},
        {"guild_id": "1", "query": "", "limit": "all"},
    ],
)
async def test_a_request_for_members_that_is_none_is_refused(place: Place, request_members: Any) -> None:
    client, _ = await place.login()
    await client.send(8, request_members)

    assert await client.closed() == 4002


async def test_a_client_that_does_not_read_is_cut_off(place: Place) -> None:
    client, _ = await place.login()
    for number in range(MAX_QUEUED + 1):
        place.say(number)

    assert await client.closed() == 1006


async def test_closing_the_gateway_closes_its_connections(place: Place) -> None:
    client, _ = await place.login()
    closing = asyncio.create_task(place.gateway.close())

    assert await client.closed() == 1001
    await closing
    assert not place.gateway.online


def _message(place: Place) -> dict[str, Any]:
    author = place.world.people[0].payload()
    return {"guild_id": str(place.world.home.id), "content": "hello", "author": author, "mentions": []}
