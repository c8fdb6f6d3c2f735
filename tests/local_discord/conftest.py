"""Fixtures: a running local Discord, watched; its bot; its people."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from local_discord_kit import Bot, Person, bot_and_people
from local_discord_watching import Watch, watching

from local_discord.server import LocalDiscord


@pytest.fixture
async def server() -> AsyncIterator[LocalDiscord]:
    async with LocalDiscord() as running:
        yield running


@pytest.fixture
async def watch(server: LocalDiscord) -> AsyncIterator[Watch]:
    async with watching(server.base) as watch:
        yield watch


@pytest.fixture
async def both(server: LocalDiscord, watch: Watch) -> AsyncIterator[tuple[Bot, Person]]:
    async with bot_and_people(server, watch) as pair:
        yield pair


@pytest.fixture
def bot(both: tuple[Bot, Person]) -> Bot:
    return both[0]


@pytest.fixture
def ada(both: tuple[Bot, Person]) -> Person:
    return both[1]


@pytest.fixture
def ben(ada: Person) -> Person:
    return replace(ada, name="ben")


@pytest.fixture
def mia(ada: Person) -> Person:
    return replace(ada, name="mia")


@pytest.fixture
def studio(server: LocalDiscord) -> int:
    return next(room.id for room in server.world.home.channels.values() if room.name == "studio")
