"""What people are told when something goes wrong, and what the log is told."""

import asyncio
import logging
import re

import pytest
from bot_kit import House, first_answer, settled

from bot.actions import PRESSES
from bot.interaction import Interaction, think
from config.words import say
from db.errors import DatabaseAway
from inference.executor import WorkerState

EPHEMERAL = 64


async def test_a_fault_of_the_bot_is_told_with_a_reference_that_the_log_knows(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(interaction: Interaction, argument: str) -> None:
        await think(interaction)
        raise ZeroDivisionError(argument)

    ada = house.guest()
    result = await ada.type("/imagine a red circle")
    house.client.presses = {**PRESSES, "again": broken}
    told = await ada.press(result, "Again")
    reference = re.search(r"reference: (\w+)", told["content"])

    assert reference is not None
    assert "Nothing that was made is lost" in told["content"]
    assert "ZeroDivision" not in told["content"]
    assert told["flags"] & EPHEMERAL
    assert reference[1] in caplog.text
    assert "ZeroDivisionError" in caplog.text


async def test_a_database_that_is_away_is_told_as_such_and_logged_in_a_line(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async def away(interaction: Interaction, argument: str) -> None:
        raise DatabaseAway("Connection refused")

    ada = house.guest()
    result = await ada.type("/imagine a red circle")
    house.client.presses = {**PRESSES, "again": away}
    told = await ada.press(result, "Again")

    assert told["content"] == say("bot.database_away")
    assert told["flags"] & EPHEMERAL
    assert "Connection refused" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_button_of_another_version_says_so(house: House) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle")
    house.client.presses = {name: press for name, press in PRESSES.items() if name != "again"}

    assert "another version" in (await ada.press(result, "Again"))["content"]


async def test_a_command_that_is_gone_says_so(house: House) -> None:
    house.client.tree.remove_command("help")

    assert "commands have just changed" in (await first_answer(house.guest(), "/help"))["content"]


async def test_an_answer_that_comes_too_late_is_only_logged(house: House, caplog: pytest.LogCaptureFixture) -> None:
    slow = asyncio.Event()

    async def late(interaction: Interaction, argument: str) -> None:
        await slow.wait()
        await think(interaction)

    ada = house.guest()
    result = await ada.type("/imagine a red circle")
    house.client.presses = {**PRESSES, "again": late}
    started = await ada.push(result, "Again")
    failed = await ada.get(f"interactions/{started['interaction']}", wait=10)
    slow.set()
    async with asyncio.timeout(10):
        while "too late" not in caplog.text:  # noqa: ASYNC110 - the log has no event
            await asyncio.sleep(0.05)

    assert failed["state"] == "failed"
    assert [line.levelno for line in caplog.records if "too late" in line.getMessage()] == [logging.WARNING]


async def test_a_bot_whose_workers_are_broken_takes_no_wish(house: House) -> None:
    ada = house.guest()
    await ada.type("/imagine a red circle")
    house.executor.state = WorkerState.BROKEN
    told = await ada.type("/imagine a blue circle")

    assert told["content"] == say("jobs.nothing_can_be_drawn")
    assert len(house.executor.attempts) == 1


async def test_a_discord_that_stumbles_is_tried_again(house: House) -> None:
    ada = house.guest()
    await ada.type("/imagine a red circle")
    fault = {"kind": "rest", "status": 429, "retry_after": 0.2, "path": "/callback", "times": 1}
    await house.session.post(f"{house.server.base}/local/faults", json=[fault])
    message = await settled(ada, await ada.post("run", {"channel": "studio", "text": "/help"}))

    assert "/imagine" in message["content"]
