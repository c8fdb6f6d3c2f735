"""What is to be seen of the gateway from outside."""

import asyncio

import discord
from bot_kit import House

from bot.gateway import latencies
from local_discord.server import LocalDiscord


async def test_a_shard_that_is_connected_tells_its_latency_and_one_that_is_not_tells_none(house: House) -> None:
    connected = latencies(house.client)
    await house.client.close()

    assert list(connected) == [0]
    assert connected[0] is not None
    assert list(latencies(house.client).values()) == [None]


async def test_each_shard_tells_of_itself(server: LocalDiscord) -> None:
    client = discord.AutoShardedClient(shard_count=1, intents=discord.Intents(guilds=True))
    running = asyncio.create_task(client.start(server.token))
    try:
        async with asyncio.timeout(20):
            while not client.is_ready():  # noqa: ASYNC110 - before the login there is nothing to wait for
                await asyncio.sleep(0.02)
        connected = latencies(client)
        await client.close()
        assert list(connected) == [0]
        assert connected[0] is not None
        assert list(latencies(client).values()) == [None]
    finally:
        await client.close()
        await asyncio.gather(running, return_exceptions=True)


def test_where_nothing_was_ever_connected_there_is_nothing_to_tell() -> None:
    sharded = discord.AutoShardedClient(intents=discord.Intents.none())
    alone = discord.Client(intents=discord.Intents.none())

    assert latencies(sharded) == {}
    assert latencies(alone) == {0: None}
