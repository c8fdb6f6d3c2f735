"""How long from `make run`, on a machine that is set up, to the first picture? The aim is under 30 s on 2 cores."""

import argparse
import asyncio
import time

from benchmarks._bot import MAKE_RUN, report, running_bot


async def measure() -> dict[str, float]:
    """Return the seconds from the start of the process to its readiness, and to the first finished picture."""
    started = time.monotonic()
    async with running_bot(MAKE_RUN) as bot:
        ready = time.monotonic()
        await bot.accept_licence("ada")
        while True:
            messages = await bot.get("messages", user="ada", channel="studio", limit=10)
            if any(_finished(message) for message in messages):
                return {"ready_s": ready - started, "first_picture_s": time.monotonic() - started}
            await asyncio.sleep(0.1)


def _finished(message: dict[str, object]) -> bool:
    return bool(message["attachments"]) and "imagine:vary" in str(message["components"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    report(asyncio.run(measure()), parser.parse_args().json)
