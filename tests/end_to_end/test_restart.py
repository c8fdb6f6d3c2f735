"""The bot is killed in the middle, and nothing is lost; it is stopped, and nothing hangs."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from guest import Guest, labels, record_ids
from processes import joining, running_bot, running_chat_server


async def test_a_killed_bot_takes_up_its_jobs_and_its_buttons_go_on_working(tmp_path: Path) -> None:
    with running_chat_server() as world:
        async with aiohttp.ClientSession() as session:
            ada = Guest(session, world["page"])
            with running_bot(tmp_path / "data", **joining(world)) as bot:
                first = await ada.type("/imagine before the fall steps:2")
                running = await start(ada, "/imagine in the middle steps:40")
                waiting = await start(ada, "/imagine still in line steps:2 count:2")
                bot.kill()
            with running_bot(tmp_path / "data", **joining(world)):
                ends = [await ada.follow(each) for each in (running, waiting)]
                await asyncio.sleep(1)
                varied = await ada.press(first, "Vary")
                shown = await ada.messages()

    assert [len(each["attachments"]) for each in ends] == [1, 2]
    assert record_ids(first)[0] in varied["content"]
    results = [each for each in shown if "Delete" in labels(each)]
    assert len(results) == 4  # each once


async def test_a_stopped_bot_puts_back_what_runs_and_is_gone_within_fifteen_seconds(tmp_path: Path) -> None:
    with running_chat_server() as world:
        async with aiohttp.ClientSession() as session:
            ada = Guest(session, world["page"])
            with running_bot(tmp_path / "data", IMAGINE_TIMES__DRAIN="1", **joining(world)) as bot:
                await ada.type("/imagine warm steps:2")
                running = await start(ada, "/imagine a long one steps:40 count:2")
                seconds = await asyncio.to_thread(bot.stop)
            with running_bot(tmp_path / "data", **joining(world)):
                end = await ada.follow(running)

    assert bot.process.returncode == 0
    assert seconds < 15
    assert len(end["attachments"]) == 2


@pytest.mark.slow
async def test_what_outlives_its_interaction_comes_as_a_message_that_names_its_person(tmp_path: Path) -> None:
    with running_chat_server() as world:
        async with aiohttp.ClientSession() as session:
            ada = Guest(session, world["page"])
            with running_bot(tmp_path / "data", **joining(world)):
                await ada.type("/imagine warm steps:2")
                await start(ada, "/imagine too late for its token steps:40")
                async with session.post(f"{ada.base}/faults", json=[{"kind": "expire_tokens"}]) as response:
                    response.raise_for_status()
                late = await arrival(ada, "too late for its token")

    assert late["mentions"] == []
    assert f"<@{next(user['id'] for user in world['users'] if user['name'] == 'ada')}>" in late["content"]


async def start(person: Guest, text: str) -> str:
    """Type a command, wait until the bot has taken it, and return the interaction."""
    started = await person.post("run", {"channel": person.channel, "text": text})
    await person.get(f"interactions/{started['interaction']}", wait=20)
    return str(started["interaction"])


async def arrival(person: Guest, words: str) -> dict:
    """Wait for a result that shows the words."""
    async with asyncio.timeout(60):
        while True:
            for message in await person.messages():
                if words in message["content"] and message["attachments"] and "Vary" in labels(message):
                    return message
            await asyncio.sleep(0.2)
