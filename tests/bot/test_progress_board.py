"""What is told of a job that is being drawn: the latest, and not too often."""

import asyncio

import discord
import pytest
from bot_kit import POLL_SECONDS, House
from delivery_kit import held

from bot import progress
from bot.letters import Letter, edit_reply
from db.tables.job import Job


async def test_of_much_news_the_latest_wins(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    edits = []

    async def noted(client: discord.Client, job: Job, letter: Letter) -> discord.Message:
        edits.append(letter.content)
        return await edit_reply(client, job, letter)

    ada = house.guest()
    reply, job = await held(house, ada, "/imagine a red circle")
    monkeypatch.setattr(progress, "edit_reply", noted)
    for step in range(1, 101):
        house.board.progress(job, step, 100)
        await asyncio.sleep(0.005)
    async with asyncio.timeout(10):
        while "step 100 of 100" not in (await ada.message(reply["id"]))["content"]:  # noqa: ASYNC110 - another's news
            await asyncio.sleep(POLL_SECONDS)

    assert len(edits) < 50
    assert "step 100 of 100" in edits[-1]
