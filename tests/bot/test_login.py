"""A login that comes to nothing is told in words."""

import asyncio

import discord
import pytest
from bot_kit import House

from bot.login import Login, join
from config.settings import ConfigError


async def test_a_discord_that_is_out_of_order_at_the_login_is_told_of(house: House) -> None:
    fault = {"kind": "rest", "status": 503, "path": "/users/@me"}
    await house.session.post(f"{house.server.base}/local/faults", json=[fault])
    async with discord.Client(intents=discord.Intents.none()) as client:
        with pytest.raises(ConfigError, match="Discord is out of order"):
            await asyncio.wait_for(join(client, Login(house.server.token)), 20)
