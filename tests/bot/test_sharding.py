"""The bot over several shards: each serves its own guilds, whatever becomes of the others."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest
from bot_kit import POLL_SECONDS, House, open_house, pointed_at
from discord import SessionStartLimits
from fakes import FakeExecutor, InThreadClerk
from guest import Guest

from bot.builder import Tools
from bot.house import House as BuiltHouse
from bot.login import Login, join
from bot.session_starts import SessionStarts
from config.settings import ConfigError, load_settings
from db.images import FolderStore
from db.session import Database
from local_discord.gateway import MOST_GUILDS_PER_SHARD
from local_discord.gateway_identify import IdentifyLimit
from local_discord.server import LocalDiscord

SHARDS = 4


@pytest.fixture
async def wide_server() -> AsyncIterator[LocalDiscord]:
    async with LocalDiscord(max_concurrency=SHARDS) as running, pointed_at(running):
        running.world.add_guilds(40)
        yield running


@pytest.fixture
async def wide_house(wide_server: LocalDiscord, sqlite_database: Database, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(wide_server, sqlite_database, tmp_path, shards=SHARDS) as running:
        yield running


def guest_of(house: House, shard: int) -> Guest:
    """Return somebody in a guild of that shard."""
    world = house.server.world
    guild = next(guild for guild in world.guilds.values() if (guild.id >> 22) % SHARDS == shard)
    return house.guest("ada", str(next(iter(guild.channels))))


def keep_out(server: LocalDiscord, shard: int) -> None:
    """Let one shard identify no more, as if it had just done so: it is told each time that its session is invalid."""
    server.gateway._limit = limit = IdentifyLimit(3600, max_concurrency=SHARDS)
    limit.take(shard)


def online(server: LocalDiscord) -> set[int]:
    """Return the shards that are connected."""
    return {session.shard[0] for session in server.gateway._sessions.values() if session.connection is not None}


async def test_each_shard_serves_its_own_guilds(wide_house: House) -> None:
    for shard in range(SHARDS):
        answer = await guest_of(wide_house, shard).type("/imagine a red circle")

        assert answer["attachments"], answer["content"]
    assert {guild.shard_id for guild in wide_house.client.guilds} == set(range(SHARDS))
    assert len(wide_house.client.guilds) == 41


async def test_direct_messages_come_by_the_first_shard(wide_house: House) -> None:
    wide_house.server.gateway.drop(4000, shard=2)
    answer = await wide_house.guest("ada", "dm").type("/imagine a red circle")

    assert answer["attachments"]


async def test_a_shard_that_is_away_holds_up_no_other_and_comes_back(wide_house: House) -> None:
    gateway = wide_house.server.gateway
    keep_out(wide_house.server, shard=2)
    gateway.drop(1006, shard=2, resumable=False)
    for shard in (1, 3):
        answer = await guest_of(wide_house, shard).type("/imagine a red circle")

        assert answer["attachments"]
    assert online(wide_house.server) == {0, 1, 3}

    gateway._limit = IdentifyLimit(0, max_concurrency=1)
    async with asyncio.timeout(20):
        while 2 not in online(wide_house.server):  # noqa: ASYNC110 - a gateway tells nobody who has come
            await asyncio.sleep(POLL_SECONDS)

    assert (await guest_of(wide_house, 2).type("/imagine a red circle"))["attachments"]


async def test_one_shard_that_cannot_connect_keeps_nothing_from_the_others(
    wide_server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    keep_out(wide_server, shard=2)
    async with open_house(wide_server, sqlite_database, tmp_path, ready=False, shards=SHARDS) as house:
        async with asyncio.timeout(20):
            while online(wide_server) != {0, 1, 3}:  # noqa: ASYNC110 - as above
                await asyncio.sleep(POLL_SECONDS)
        answer = await guest_of(house, 0).type("/imagine a red circle")

        assert answer["attachments"]
        assert not house.client.is_ready()


async def test_as_many_shards_are_taken_as_discord_recommends_for_five_thousand_servers(
    wide_server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    wide_server.world.add_guilds(5_000)
    async with open_house(wide_server, sqlite_database, tmp_path) as house:
        assert house.client.shard_count == 6
        assert len(house.client.guilds) == len(wide_server.world.guilds)


async def test_too_few_shards_are_told_of_in_words(
    wide_server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    wide_server.world.add_guilds(MOST_GUILDS_PER_SHARD)
    async with discord.AutoShardedClient(shard_count=1, intents=discord.Intents(guilds=True)) as client:
        with pytest.raises(ConfigError, match="shards: the bot is in more servers"):
            await asyncio.wait_for(join(client, Login(wide_server.token)), 20)


async def test_a_bot_with_fewer_session_starts_left_than_shards_says_when_to_start_it(
    wide_server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    wide_server.gateway._limit = limit = IdentifyLimit(0, max_concurrency=1)
    wide_server.world.add_guilds(2_500)
    while limit.payload()["remaining"] > 2:
        limit.take(0)
    tools = Tools(sqlite_database, FolderStore(tmp_path), FakeExecutor(), InThreadClerk(), InThreadClerk(), eyes=None)
    client = BuiltHouse.build(load_settings(data=tmp_path, checkpoints=("demo",)), tools).client
    async with client:
        with pytest.raises(ConfigError, match="no more sessions today; start it in 1440 minutes"):
            await asyncio.wait_for(join(client, Login(wide_server.token)), 20)


async def test_shards_of_one_bucket_begin_in_turn_and_those_of_others_at_once() -> None:
    limits = SessionStartLimits(total=1000, remaining=1000, reset_after=0, max_concurrency=2)
    starts = SessionStarts(limits)
    await asyncio.wait_for(asyncio.gather(starts.turn(0), starts.turn(1)), 2)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(starts.turn(2), 0.2)
