"""Where the bot logs in: Discord itself, or the chat server of this machine."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import discord
from discord.gateway import DiscordWebSocket
from yarl import URL

from config.settings import ROOT, ConfigError, Endpoints, Settings

SERVER_SECONDS = 30.0
SHARDING_REQUIRED = 4011
STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Login:
    """A token and where it is good for; `page` is the chat server's, where that is ours."""

    token: str = field(repr=False)
    endpoints: Endpoints | None = None
    page: str | None = None


@asynccontextmanager
async def chosen_login(settings: Settings) -> AsyncIterator[Login]:
    """Give Discord where there is a token, else the chat server of this machine."""
    if settings.discord_token is not None:
        yield Login(settings.discord_token.get_secret_value(), settings.discord)
        return
    async with local_server() as login:
        yield login


@asynccontextmanager
async def local_server() -> AsyncIterator[Login]:
    """Start the chat server of this machine as a process of its own. Raises ConfigError where it does not start."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local_discord", "--until-eof"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,  # never written to: its end is ours, however we end
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        world = await _first_words(process)
        endpoints = Endpoints(rest=world["rest"], gateway=world["gateway"], cdn=world["cdn"])
        yield Login(world["token"], endpoints, world["page"])
    finally:
        await _stop(process)


def point_to(endpoints: Endpoints) -> None:
    """Let discord.py, which keeps its addresses on classes, speak to that server."""
    discord.http.Route.BASE = endpoints.rest
    DiscordWebSocket.DEFAULT_GATEWAY = URL(endpoints.gateway)
    discord.Asset.BASE = endpoints.cdn


async def join(client: discord.Client, login: Login) -> None:
    """Log in and stay connected. Raises ConfigError where token or shards are not good, or nobody answers."""
    if login.endpoints is not None:
        point_to(login.endpoints)
    try:
        await client.login(login.token)
    except discord.LoginFailure:
        advice = "copy it anew from the developer portal (Bot, Reset Token)"
        raise ConfigError(f"DISCORD_TOKEN: Discord does not know this token; {advice}") from None
    except (aiohttp.ClientError, OSError) as error:
        raise ConfigError(f"Discord cannot be reached: {error}; check this machine's network") from error
    except (discord.DiscordServerError, discord.GatewayNotFound) as error:
        raise ConfigError(f"Discord is out of order: {error}; try again in a minute") from error
    try:
        await _stay_connected(client)
    except discord.ConnectionClosed as error:
        if error.code != SHARDING_REQUIRED:
            raise
        advice = "leave the setting out, and as many are taken as Discord recommends"
        raise ConfigError(f"shards: the bot is in more servers than so few shards may serve; {advice}") from error


async def _stay_connected(client: discord.Client) -> None:
    """Connect until cancelled; then close: while a shard reconnects, discord.py takes no notice of a cancellation."""
    connection = asyncio.create_task(client.connect())
    try:
        await asyncio.wait({connection})
        connection.result()
    finally:
        await client.close()
        connection.cancel()
        await asyncio.wait({connection})


async def _first_words(process: asyncio.subprocess.Process) -> dict[str, str]:
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), SERVER_SECONDS)
        return dict(json.loads(line))
    except (TimeoutError, ValueError) as error:
        raise ConfigError("the chat server of this machine did not start; its own words are above") from error


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
