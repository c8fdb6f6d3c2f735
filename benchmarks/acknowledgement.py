"""How soon is an interaction acknowledged, with 200 in flight and the inference process busy?

Discord allows 3 seconds from the moment it makes an interaction; the aim is p99 under 500 ms. Both moments are
those at which the chat server's event stream tells of them. Beside it, the wait since the commands were typed: it
holds what this one process needs to send for 200 people at once.
"""

import argparse
import asyncio
import json
import time
from dataclasses import dataclass
from statistics import quantiles

import aiohttp

from benchmarks._bot import RUN_BOT, Bot, report, running_bot

IN_FLIGHT = 200
USER = "ada"
COMMANDS = ("/imagine a circle steps:1", "/imagine a square steps:1", "/queue", "/history")
LISTEN_SECONDS = 120.0


@dataclass(slots=True)
class Moments:
    """When an interaction was made and when it was acknowledged, on one clock, in seconds."""

    made: float
    acknowledged: float = 0.0


async def measure(in_flight: int) -> dict[str, object]:
    """Return percentiles of the acknowledgement."""
    limits = {"IMAGINE_LIMITS__PENDING_PER_USER": str(2 * in_flight), "IMAGINE_LIMITS__PENDING_IN_ALL": "1000"}
    async with running_bot(RUN_BOT, **limits) as bot:
        await bot.accept_licence(USER)
        busy = {"user": USER, "channel": "studio", "text": "/imagine a busy machine steps:150 count:4"}
        await bot.post("run", busy)
        heard: dict[str, Moments] = {}
        listener = asyncio.create_task(listen(bot, heard))
        await asyncio.sleep(3)
        sent = dict(await asyncio.gather(*(send(bot, number) for number in range(in_flight))))
        async with asyncio.timeout(LISTEN_SECONDS):
            while not all(each in heard and heard[each].acknowledged for each in sent):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        listener.cancel()
    made = percentiles([heard[each].acknowledged - heard[each].made for each in sent])
    typed = percentiles([heard[each].acknowledged - sent[each] for each in sent])
    return {"in_flight": in_flight, "since_the_interaction_was_made": made, "since_200_people_typed_at_once": typed}


def percentiles(waits: list[float]) -> dict[str, float]:
    """Return percentiles in milliseconds of waits in seconds."""
    cuts = quantiles(waits, n=100, method="inclusive")
    return {"p50_ms": cuts[49] * 1e3, "p90_ms": cuts[89] * 1e3, "p99_ms": cuts[98] * 1e3, "max_ms": max(waits) * 1e3}


async def send(bot: Bot, number: int) -> tuple[str, float]:
    """Send one command; return its interaction and when it was sent."""
    now = time.monotonic()
    body = {"user": USER, "channel": "studio", "text": COMMANDS[number % len(COMMANDS)]}
    return (await bot.post("run", body))["interaction"], now


async def listen(bot: Bot, heard: dict[str, Moments]) -> None:
    """Write down when each interaction was made, and when it left the state in which it waits for the bot."""
    timeout = aiohttp.ClientTimeout(total=None)
    async with bot.session.get(f"{bot.base}/local/events", params={"user": USER}, timeout=timeout) as stream:
        event = ""
        async for raw in stream.content:
            line = raw.decode().strip()
            if line.startswith("event:"):
                event = line.removeprefix("event:").strip()
            elif line.startswith("data:") and event == "interaction":
                state = json.loads(line.removeprefix("data:"))
                moments = heard.setdefault(state["id"], Moments(time.monotonic()))
                if state["state"] != "waiting" and not moments.acknowledged:
                    moments.acknowledged = time.monotonic()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--in-flight", type=int, default=IN_FLIGHT)
    arguments = parser.parse_args()
    report(asyncio.run(measure(arguments.in_flight)), arguments.json)
