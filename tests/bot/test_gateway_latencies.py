"""What is to be seen of the gateway from outside."""

import discord
from bot_kit import House

from bot.gateway import latencies


async def test_a_shard_that_is_connected_tells_its_latency_and_one_that_is_not_tells_none(house: House) -> None:
    connected = latencies(house.client)
    await house.client.close()

    assert list(connected) == [0]
    assert connected[0] is not None
    assert list(latencies(house.client).values()) == [None]


def test_where_nothing_was_ever_connected_there_is_nothing_to_tell() -> None:
    assert latencies(discord.AutoShardedClient(intents=discord.Intents.none())) == {}


def test_a_shard_that_has_not_begun_yet_is_told_as_not_connected() -> None:
    client = discord.AutoShardedClient(intents=discord.Intents.none(), shard_count=3)

    assert latencies(client) == {0: None, 1: None, 2: None}
