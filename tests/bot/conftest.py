"""A running bot for each test."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from bot_kit import House, open_house, pointed_at
from PIL import Image
from strict_policy import write_policy

from db.session import Database
from local_discord.gateway_identify import IdentifyLimit
from local_discord.server import LocalDiscord


@pytest.fixture
async def server() -> AsyncIterator[LocalDiscord]:
    async with LocalDiscord() as running, pointed_at(running):
        running.gateway._limit = IdentifyLimit(0, max_concurrency=1)  # a restart need not wait five seconds
        yield running


@pytest.fixture
async def house(server: LocalDiscord, sqlite_database: Database, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(server, sqlite_database, tmp_path) as running:
        yield running


@pytest.fixture
async def strict_house(server: LocalDiscord, sqlite_database: Database, tmp_path: Path) -> AsyncIterator[House]:
    """A bot whose policy is over neutral words."""
    async with open_house(server, sqlite_database, tmp_path, policy=write_policy(tmp_path / "policy")) as running:
        yield running


@pytest.fixture
def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(file, "PNG")
    return file.getvalue()
