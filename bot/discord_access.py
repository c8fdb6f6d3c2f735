"""How the bot stands with Discord: whether its token is good, how it may connect, and what its servers let it do."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import discord

from bot.diagnosis import Finding
from config.settings import Settings

API = "https://discord.com/api/v10"
NETWORK_SECONDS = 15
NEEDED = discord.Permissions(
    view_channel=True, send_messages=True, send_messages_in_threads=True, attach_files=True, read_message_history=True
)

Json = dict[str, Any]


async def discord_access(settings: Settings) -> list[Finding]:
    """Return what Discord says; where there is no token, what is done without one."""
    if settings.discord_token is None:
        advice = "not set, so run_bot.py starts a chat server of its own; set DISCORD_TOKEN to join Discord"
        return [Finding("token", True, advice)]
    api = API if settings.discord is None else settings.discord.rest
    headers = {"Authorization": f"Bot {settings.discord_token.get_secret_value()}"}
    timeout = aiohttp.ClientTimeout(total=NETWORK_SECONDS)
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            return await _ask(session, api, settings.shards)
    except aiohttp.ClientResponseError as error:
        if error.status == 401:
            advice = "Discord does not know it: copy it anew from the developer portal (Bot, Reset Token)"
            return [Finding("token", False, advice)]
        return [Finding("token", False, f"Discord answers with {error.status}: try again in a minute")]
    except (aiohttp.ClientError, TimeoutError) as error:
        return [Finding("token", False, f"Discord cannot be reached ({error!r}): check this machine's network")]


async def _ask(session: aiohttp.ClientSession, api: str, shards: int | None) -> list[Finding]:
    me = await _get(session, f"{api}/users/@me")
    invitation = discord.utils.oauth_url(me["id"], permissions=NEEDED, scopes=("bot", "applications.commands"))
    advice = await _get(session, f"{api}/gateway/bot")
    guilds = [guild async for guild in _guilds(session, api)]
    return [
        Finding("token", True, f"the bot is {me['username']}; invite it with {invitation}"),
        _shards(advice, shards),
        *_permissions(guilds, invitation),
    ]


def _shards(advice: Json, wanted: int | None) -> Finding:
    """Compare what is to be started with what Discord recommends, and with the session starts that are left."""
    recommended, starts = advice["shards"], advice["session_start_limit"]
    needed = recommended if wanted is None else wanted
    left = f"{starts['remaining']} of {starts['total']} session starts are left"
    text = f"{needed} to start, Discord recommends {recommended}; {left}"
    if starts["remaining"] < needed:
        minutes = starts["reset_after"] / 60_000
        return Finding("shards", False, f"{text}: start the bot in {minutes:.0f} minutes, and less often")
    return Finding("shards", True, text)


def _permissions(guilds: list[Json], invitation: str) -> Iterator[Finding]:
    """Yield each server that lets the bot do too little, and how many do not."""
    lacking = [(guild["name"], missing) for guild in guilds if (missing := _missing(guild))]
    for name, missing in lacking:
        yield Finding(f"permissions in {name}", False, f"missing {missing}: invite the bot again with {invitation}")
    yield Finding("permissions", True, f"all that is needed in {len(guilds) - len(lacking)} of {len(guilds)} servers")


def _missing(guild: Json) -> str:
    held = discord.Permissions(int(guild["permissions"]))
    if held.administrator:
        return ""
    return ", ".join(name for name, needed in NEEDED if needed and not getattr(held, name))


async def _guilds(session: aiohttp.ClientSession, api: str) -> AsyncIterator[Json]:
    """Yield the bot's servers, asked for page by page."""
    after = "0"
    while page := await _get(session, f"{api}/users/@me/guilds", after=after):
        for guild in page:
            yield guild
        after = page[-1]["id"]


async def _get(session: aiohttp.ClientSession, address: str, **query: str) -> Any:
    """Return the answer, asked for again where Discord wants it a little later. Raises aiohttp's errors."""
    while True:
        async with session.get(address, params=query) as response:
            pause = float(response.headers.get("Retry-After", 1))
            if response.status != 429 or pause > NETWORK_SECONDS:
                response.raise_for_status()
                return await response.json()
        await asyncio.sleep(pause)
