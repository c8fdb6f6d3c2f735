"""The gateway as discord.py meets it: ready, dropped, resumed, sharded, refused."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
from gateway_kit import Place, running_gateway

GUILDS_ONLY = discord.Intents(guilds=True)
SECONDS = 10.0


class Listening:
    """What a client of discord.py is told, in order."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"intents": GUILDS_ONLY, "guild_ready_timeout": 0.1, **options})
        self.topics: list[str] = []
        self.turns: list[str] = []
        self.news = asyncio.Condition()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Be hasty; the gateways of these tests allow it."""

    async def on_ready(self) -> None:
        await self._note(self.turns, "ready")

    async def on_resumed(self) -> None:
        await self._note(self.turns, "resumed")

    async def on_guild_channel_update(self, _: object, after: discord.TextChannel) -> None:
        await self._note(self.topics, str(after.topic))

    async def _note(self, notes: list[str], note: str) -> None:
        notes.append(note)
        async with self.news:
            self.news.notify_all()

    async def until(self, fact: Callable[[], bool]) -> None:
        async with asyncio.timeout(SECONDS), self.news:
            await self.news.wait_for(fact)


class OneShard(Listening, discord.Client):
    """The plain client."""


class ManyShards(Listening, discord.AutoShardedClient):
    """The sharded client."""


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    async with running_gateway() as place:
        url = yarl.URL(place.url)
        monkeypatch.setattr(Route, "BASE", str(url.with_path("/api/v10")))
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", url.with_scheme("ws"))
        yield place


@asynccontextmanager
async def running(client: Any, place: Place) -> AsyncIterator[Any]:
    task = asyncio.create_task(client.start(place.world.token))
    try:
        await client.until(lambda: "ready" in client.turns)
        yield client
    finally:
        await client.close()
        await asyncio.wait({task}, timeout=SECONDS)


def retitle(place: Place, topic: str, guild_id: int | None = None) -> None:
    guild = place.world.guilds[place.world.home.id if guild_id is None else guild_id]
    channel = next(iter(guild.channels.values()))
    place.gateway.dispatch("CHANNEL_UPDATE", channel.payload() | {"topic": topic}, guild_id=guild.id)


async def test_a_client_with_no_privileged_intent_sees_its_guild_and_channels(place: Place) -> None:
    async with running(OneShard(), place) as client:
        names = [[channel.name for channel in guild.channels] for guild in client.guilds]

    assert names == [["studio", "after-dark", "mod-room"]]


@pytest.mark.parametrize("code", [1006, 4000, 1001, 4009])
async def test_a_dropped_client_resumes_and_misses_nothing(place: Place, code: int) -> None:
    async with running(OneShard(), place) as client:
        retitle(place, "before")
        place.gateway.drop(code)
        retitle(place, "during")
        await client.until(lambda: "resumed" in client.turns)
        retitle(place, "after")
        await client.until(lambda: "after" in client.topics)

    assert client.topics == ["before", "during", "after"]
    assert client.turns == ["ready", "resumed"]


async def test_a_client_told_to_reconnect_resumes_and_misses_nothing(place: Place) -> None:
    async with running(OneShard(), place) as client:
        place.gateway.request_reconnect()
        retitle(place, "during")
        await client.until(lambda: "resumed" in client.turns and bool(client.topics))

    assert client.topics == ["during"]
    assert client.turns == ["ready", "resumed"]


async def test_a_client_whose_session_is_invalid_but_resumable_resumes(place: Place) -> None:
    async with running(OneShard(), place) as client:
        place.gateway.invalidate(resumable=True)
        await client.until(lambda: "resumed" in client.turns)

    assert client.turns == ["ready", "resumed"]


@pytest.mark.parametrize("end", ["invalid", "dropped"])
async def test_a_client_whose_session_is_gone_identifies_anew_and_hears_again(place: Place, end: str) -> None:
    async with running(OneShard(), place) as client:
        if end == "invalid":
            place.gateway.invalidate(resumable=False)
        else:
            place.gateway.drop(4000, resumable=False)
        await client.until(lambda: client.turns.count("ready") == 2)
        retitle(place, "after")
        await client.until(lambda: client.topics == ["after"])

    assert "resumed" not in client.turns


async def test_shards_each_hear_their_own_guilds_and_each_resumes(place: Place) -> None:
    guilds = [place.world.home.id]
    while len({(guild_id >> 22) % 2 for guild_id in guilds}) < 2:
        await asyncio.sleep(0.001)
        guilds.append(place.world.add_guild("Elsewhere", place.world.people[0]).id)
    async with running(ManyShards(shard_count=2), place) as client:
        shards = {guild.id: guild.shard_id for guild in client.guilds}
        place.gateway.drop(1006)
        for guild_id in guilds:
            retitle(place, str(guild_id), guild_id)
        await client.until(lambda: client.turns.count("resumed") == 2 and len(client.topics) == len(guilds))

    assert shards == {guild_id: (guild_id >> 22) % 2 for guild_id in guilds}
    assert sorted(client.topics) == sorted(map(str, guilds))


async def test_a_client_that_asks_how_many_shards_to_start_is_told(place: Place) -> None:
    async with running(ManyShards(), place) as client:
        assert client.shard_count == 1


async def test_privileged_intents_are_refused_in_discord_pys_own_words(place: Place) -> None:
    client = OneShard(intents=discord.Intents(guilds=True, members=True))
    async with client:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await client.start(place.world.token)


async def test_a_wrong_token_at_the_gateway_ends_the_client(place: Place) -> None:
    client = OneShard()
    async with client:
        with pytest.raises(discord.ConnectionClosed) as refused:
            await client.start("wrong")

    assert refused.value.code == 4004


async def test_members_are_found_by_name(place: Place) -> None:
    async with running(OneShard(), place) as client:
        found = await client.guilds[0].query_members("mi")

    assert [member.name for member in found] == ["mia"]
