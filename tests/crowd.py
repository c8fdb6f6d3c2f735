"""People who ask for more than can be drawn: they type, press and cancel by the dice, and wait for nothing."""

import asyncio
from contextlib import suppress
from random import Random

import aiohttp
from guest import Guest, Json, Refused, in_progress, labels

PACE = (0.1, 0.7)  # seconds between two acts of one person
CALL_SECONDS = 10.0


async def act_for_ever(person: Guest, dice: Random) -> None:
    """Do one thing after another; what the chat client would not send is not sent."""
    for number in range(1_000_000):
        await asyncio.sleep(dice.uniform(*PACE))
        with suppress(Refused, aiohttp.ClientError, TimeoutError):
            async with asyncio.timeout(CALL_SECONDS):
                await _act(person, dice, number)


async def _act(person: Guest, dice: Random, number: int) -> None:
    match dice.choices(("type", "go on", "cancel", "look"), (12, 4, 1, 1))[0]:
        case "type":
            settings = f"steps:{dice.randint(2, 10)} count:{dice.randint(1, 4)}"
            words = f"/imagine {person.name} {person.channel} {number} {settings}"
            await person.post("run", {"channel": person.channel, "text": words})
        case "go on":
            await _press_one(person, dice, ("Vary", "Vary 1", "Again"))
        case "cancel":
            await _press_one(person, dice, ("Cancel",))
        case "look":
            await person.post("run", {"channel": person.channel, "text": "/queue"})


async def _press_one(person: Guest, dice: Random, wanted: tuple[str, ...]) -> None:
    """Press a button that some message has, of those with one of these labels."""
    found: list[tuple[Json, str]] = []
    for message in await person.messages():
        if not message["ephemeral"] and in_progress(message) == ("Cancel" in wanted):
            found += [(message, label) for label in labels(message) if label in wanted]
    if found:
        await person.push(*dice.choice(found))
