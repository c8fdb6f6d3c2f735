"""One bot for all tests that need nothing special of it, and people who talk to it."""

from collections.abc import AsyncIterator, Callable, Iterator

import aiohttp
import pytest
from guest import Guest
from processes import Bot, running_bot


@pytest.fixture(scope="session")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    with running_bot(tmp_path_factory.mktemp("bot") / "data", IMAGINE_LIMITS__PENDING_PER_USER="20") as bot:
        yield bot


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def guest(bot: Bot, session: aiohttp.ClientSession) -> Callable[..., Guest]:
    """Return a function that makes a person of the chat server: guest("ben", "studio")."""
    assert bot.page is not None
    page = bot.page
    return lambda name="ada", channel="studio": Guest(session, page, name, channel)
