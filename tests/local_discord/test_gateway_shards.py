"""Many guilds, and the shards that share them."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from gateway_kit import GUILDS, Place, running_gateway

from local_discord.gateway import MOST_GUILDS_PER_SHARD
from local_discord.gateway_intents import Intent
from local_discord.gateway_session import Session
from local_discord.gateway_welcome import welcome
from local_discord.guild import Guild, Json

API = "/api/v10"


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with running_gateway() as place:
        yield place


async def asked(place: Place, path: str, **query: str) -> object:
    """Return what REST answers to the bot."""
    headers = {"Authorization": f"Bot {place.world.token}"}
    address = place.url.replace("/gateway", f"{API}{path}")
    async with aiohttp.ClientSession(headers=headers) as session, session.get(address, params=query) as answer:
        return await answer.json()


async def test_many_guilds_spread_over_shards_and_are_the_same_in_every_run(place: Place) -> None:
    guilds = place.world.add_guilds(5_000)
    async with running_gateway() as other:
        again = other.world.add_guilds(5_000)
    sizes = [sum((guild.id >> 22) % 16 == shard for guild in guilds) for shard in range(16)]

    assert [guild.id for guild in guilds] == [guild.id for guild in again]
    assert len(place.world.guilds) == 5_001
    assert min(sizes) > 250


@pytest.mark.parametrize(("guilds", "shards"), [(0, 1), (999, 1), (1_000, 2), (4_999, 5)])
async def test_the_recommended_number_of_shards_grows_with_the_guilds(place: Place, guilds: int, shards: int) -> None:
    place.world.add_guilds(guilds)
    advice = await asked(place, "/gateway/bot")

    assert isinstance(advice, dict)
    assert advice["shards"] == shards
    assert advice["session_start_limit"]["max_concurrency"] == 1


async def test_a_shard_of_more_than_2500_guilds_is_refused_and_two_are_not(place: Place) -> None:
    place.world.add_guilds(MOST_GUILDS_PER_SHARD)
    alone = await place.connect()
    await alone.send(2, {"token": place.world.token, "properties": {}, "intents": GUILDS})

    assert await alone.closed() == 4011

    readies = [(await place.login(shard=[number, 2]))[1] for number in range(2)]

    assert sum(len(ready["guilds"]) for ready in readies) == MOST_GUILDS_PER_SHARD + 1


async def test_shards_equal_modulo_max_concurrency_wait_for_each_other_and_the_others_do_not() -> None:
    async with running_gateway(identify_window=3600, max_concurrency=2) as place:
        for number in range(2):
            await place.login(shard=[number, 3])
        hasty = await place.connect()
        await hasty.send(2, {"token": place.world.token, "properties": {}, "intents": GUILDS, "shard": [2, 3]})

        assert (await hasty.op(9))["d"] is False


async def test_one_shard_is_dropped_and_resumes_while_the_other_hears_on(place: Place) -> None:
    place.world.add_guilds(8)
    clients = [await place.login(shard=[number, 2]) for number in range(2)]
    (gone, ready), (there, _) = clients
    place.gateway.drop(1006, shard=0)

    assert await gone.closed() == 1006

    guild_of = {(guild.id >> 22) % 2: guild.id for guild in place.world.guilds.values()}
    for shard, guild_id in guild_of.items():
        place.say(shard, guild_id)

    assert (await there.event("CHANNEL_UPDATE"))["number"] == 1

    again = await place.connect()
    await again.resume(place.world.token, ready["session_id"], gone.seq or 0)

    assert (await again.event("CHANNEL_UPDATE"))["number"] == 0


async def test_sessions_with_different_numbers_of_shards_live_beside_each_other(place: Place) -> None:
    """So that a bot grows without being away: the new shards are there before the old ones go."""
    place.world.add_guilds(8)
    old = (await place.login())[0]
    new = [(await place.login(shard=[number, 3]))[0] for number in range(3)]
    guild_id = max(place.world.guilds)
    place.say(7, guild_id)

    for client in (old, new[(guild_id >> 22) % 3]):
        assert (await client.event("CHANNEL_UPDATE"))["number"] == 7


@dataclass
class NotedGuild(Guild):
    """A guild that notes how often its introduction was written."""

    written: int = 0

    def create_payload(self) -> Json:
        self.written += 1
        return super().create_payload()


async def test_a_guild_is_written_when_its_turn_has_come(place: Place) -> None:
    """Thousands of introductions would otherwise hold up the server, and lie in memory until they are read."""
    guild = NotedGuild(**vars(place.world.home))
    place.world.guilds = {guild.id: guild}
    session = Session((0, 1), Intent.GUILDS)
    welcome(session, place.world, place.url)

    assert guild.written == 0

    frames = session.missed(1)
    assert frames is not None
    (frame,) = frames
    assert not isinstance(frame, str)

    assert json.loads(frame())["d"]["id"] == str(guild.id)
    assert guild.written == 1


async def test_the_bots_own_guilds_come_by_pages(place: Place) -> None:
    place.world.add_guilds(250)
    first = await asked(place, "/users/@me/guilds")
    assert isinstance(first, list)
    rest = await asked(place, "/users/@me/guilds", after=first[-1]["id"])
    two = await asked(place, "/users/@me/guilds", limit="2")
    assert isinstance(rest, list)
    assert isinstance(two, list)

    assert (len(first), len(rest), len(two)) == (200, 51, 2)
    assert {int(guild["id"]) for guild in first + rest} == set(place.world.guilds)
