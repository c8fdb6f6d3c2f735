"""/describe: what a picture shows, in words that may be said, and drawn again by a press."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from bot_kit import House, open_house, settled
from fakes import FakeCaptions
from guest import record_ids
from strict_policy import write_policy

from config.settings import ROOT
from db.conduct import Conduct
from db.session import Database
from jobs.clerk import ClerkFailed
from local_discord.server import LocalDiscord

ENTRY = """
[captioners.tiny]
title = "Tiny"
weights = {{ source = "{folder}" }}
licence = "MIT"
licence_url = "LICENSE"
"""


def write_models(folder: Path, *, there: bool = True) -> Path:
    """Write a models.toml with a captioner, its weights there or not."""
    (folder / "captioner").mkdir(parents=True)
    if there:
        (folder / "captioner" / "model.safetensors").touch()
    shipped = (ROOT / "config" / "models.toml").read_text(encoding="utf-8")
    (folder / "models.toml").write_text(shipped + ENTRY.format(folder=folder / "captioner"), encoding="utf-8")
    return folder / "models.toml"


@pytest.fixture
def captions() -> FakeCaptions:
    return FakeCaptions("a red circle on a meadow")


@pytest.fixture
async def seeing(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path, captions: FakeCaptions
) -> AsyncIterator[House]:
    changes = {"models": write_models(tmp_path / "models"), "policy": write_policy(tmp_path / "policy")}
    async with open_house(server, sqlite_database, tmp_path, captions=captions, captioner="tiny", **changes) as running:
        yield running


async def commands_of(house: House) -> set[str]:
    assert house.client.application_id is not None
    return {command["name"] for command in await house.client.http.get_global_commands(house.client.application_id)}


async def test_without_a_captioner_there_is_no_such_command(house: House) -> None:
    assert "describe" not in await commands_of(house)


async def test_without_its_weights_there_is_no_such_command(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path, captions: FakeCaptions
) -> None:
    models = write_models(tmp_path / "models", there=False)
    async with open_house(
        server, sqlite_database, tmp_path, captions=captions, captioner="tiny", models=models
    ) as house:
        assert "describe" not in await commands_of(house)


async def test_a_picture_is_described_to_the_person_alone_and_drawn_by_a_press(
    seeing: House, captions: FakeCaptions
) -> None:
    ada = seeing.guest()
    (first,) = record_ids(await ada.type("/imagine a red square"))
    told = await ada.type(f"/describe picture:{first}")

    assert told["ephemeral"]
    assert told["embeds"][0]["description"] == "a red circle on a meadow"
    record = await seeing.history.get(first)
    assert record is not None
    assert captions.looked_at == [await seeing.store.read(record.sha256)]
    made = await ada.press(told, "Imagine this")
    assert not made["ephemeral"]
    assert seeing.executor.attempts[-1].request.prompt == "a red circle on a meadow"
    assert record_ids(made)


async def test_a_file_of_ones_own_is_described(seeing: House, png: bytes) -> None:
    told = await seeing.guest().type("/describe", ("own.png", png))

    assert told["embeds"][0]["description"] == "a red circle on a meadow"


async def test_what_may_not_be_said_is_not_said_and_nobody_is_punished(
    seeing: House, sqlite_database: Database, captions: FakeCaptions
) -> None:
    ada = seeing.guest()
    (first,) = record_ids(await ada.type("/imagine a red square"))
    captions.words = "a bridge"  # which would earn whoever typed it a strike
    told = await ada.type(f"/describe picture:{first}")

    assert "not allowed here" in told["content"]
    assert not told.get("embeds")
    assert await Conduct(sqlite_database).refusals() == []


@pytest.mark.parametrize(
    ("words", "answer"),
    [(ClerkFailed("jobs.took_too_long"), "I cannot look at pictures at present"), ("", "I have no words")],
)
async def test_what_goes_wrong_is_said(
    seeing: House, captions: FakeCaptions, words: str | Exception, answer: str
) -> None:
    ada = seeing.guest()
    (first,) = record_ids(await ada.type("/imagine a red square"))
    captions.words = words

    assert answer in (await ada.type(f"/describe picture:{first}"))["content"]


async def test_each_person_has_one_picture_looked_at_at_a_time(seeing: House, captions: FakeCaptions) -> None:
    ada, ben = seeing.guest(), seeing.guest("ben")
    (first,) = record_ids(await ada.type("/imagine a red square"))
    captions.may_go_on.clear()
    started = await ada.post("run", {"channel": "studio", "text": f"/describe picture:{first}"})
    await captions.looks(1)
    second = await ada.type(f"/describe picture:{first}")
    others = asyncio.create_task(ben.type(f"/describe picture:{first}"))
    await captions.looks(2)
    captions.may_go_on.set()

    assert "still looking" in second["content"]
    assert (await settled(ada, started))["embeds"]
    assert (await others)["embeds"]
    assert (await ada.type(f"/describe picture:{first}"))["embeds"]


async def test_exactly_one_picture_is_asked_for(seeing: House) -> None:
    assert "content" in (told := await seeing.guest().type("/describe"))
    assert told["content"]
    assert not told.get("embeds")


async def test_of_a_picture_whose_file_is_lost_that_is_said(seeing: House) -> None:
    ada = seeing.guest()
    (first,) = record_ids(await ada.type("/imagine a red square"))
    record = await seeing.history.get(first)
    assert record is not None
    await seeing.store.delete(record.sha256)

    assert "no longer there" in (await ada.type(f"/describe picture:{first}"))["content"]
