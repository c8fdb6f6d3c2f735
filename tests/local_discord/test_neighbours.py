"""Web pages of other places, open in a browser on this machine, get nothing."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from local_discord.server import LocalDiscord


@pytest.fixture
async def base() -> AsyncIterator[str]:
    async with LocalDiscord() as server:
        yield server.base


async def status(base: str, **headers: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{base}/local/world", headers=headers) as response:
        return response.status


async def test_its_own_page_and_programs_without_a_page_are_served(base: str) -> None:
    assert await status(base) == 200
    assert await status(base, Origin=base) == 200
    assert await status(base, Host=base.removeprefix("http://").replace("127.0.0.1", "localhost")) == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
async def test_another_origin_is_refused(base: str, origin: str) -> None:
    assert await status(base, Origin=origin) == 403


async def test_a_name_that_was_bent_to_this_machine_is_refused(base: str) -> None:
    assert await status(base, Host="evil.example") == 403
