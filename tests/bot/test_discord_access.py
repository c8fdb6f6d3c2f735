"""What the doctor asks Discord, answered by the local server."""

from pathlib import Path
from typing import Any

import aiohttp

from bot.diagnosis import Finding
from bot.discord_access import discord_access
from config.settings import Settings, load_settings
from local_discord.gateway_identify import IdentifyLimit
from local_discord.permissions import ATTACH_FILES
from local_discord.server import LocalDiscord


def settings_for(server: LocalDiscord, folder: Path, **changes: Any) -> Settings:
    told = server.describe()
    endpoints = {name: told[name] for name in ("rest", "gateway", "cdn")}
    return load_settings(data=folder, discord_token=server.token, discord=endpoints, **changes)


async def findings(server: LocalDiscord, folder: Path, **changes: Any) -> dict[str, Finding]:
    return {each.subject: each for each in await discord_access(settings_for(server, folder, **changes))}


async def test_servers_are_looked_at_page_by_page_and_only_those_that_lack_something_are_named(
    server: LocalDiscord, tmp_path: Path
) -> None:
    server.world.add_guilds(450)
    last = max(server.world.guilds.values(), key=lambda guild: guild.id)
    for role in last.roles.values():
        role.permissions &= ~ATTACH_FILES
    found = await findings(server, tmp_path)

    assert found["permissions"].text == "all that is needed in 450 of 451 servers"
    assert "missing attach_files" in found[f"permissions in {last.name}"].text
    assert len(found) == 4


async def test_a_discord_that_has_enough_for_now_is_asked_again(server: LocalDiscord, tmp_path: Path) -> None:
    fault = {"kind": "rest", "status": 429, "retry_after": 0.1, "path": "/users/@me/guilds"}
    async with aiohttp.ClientSession() as session:
        await session.post(f"{server.base}/local/faults", json=[fault])
    found = await findings(server, tmp_path)

    assert found["permissions"].text == "all that is needed in 1 of 1 servers"


async def test_recommended_shards_and_session_starts_are_told(server: LocalDiscord, tmp_path: Path) -> None:
    server.world.add_guilds(1_500)
    found = await findings(server, tmp_path, shards=4)

    assert found["shards"].well
    assert found["shards"].text == "4 to start, Discord recommends 2; 1000 of 1000 session starts are left"


async def test_too_few_session_starts_are_a_problem(server: LocalDiscord, tmp_path: Path) -> None:
    server.gateway._limit = limit = IdentifyLimit(0, max_concurrency=1)
    while limit.take(0):
        continue
    found = await findings(server, tmp_path)

    assert not found["shards"].well
    assert "start the bot in 1440 minutes" in found["shards"].text
