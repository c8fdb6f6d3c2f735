"""What does the bot's process weigh at rest, and does it stay free of torch? The aim is under 250 MB."""

import argparse
import asyncio

from benchmarks._bot import report, running_bot

SETTLE_SECONDS = 10.0


async def measure() -> dict[str, object]:
    """Return the resident memory of the bot's own process in megabytes, and whether torch is mapped into it."""
    async with running_bot() as bot:
        await bot.accept_licence("ada")
        await asyncio.sleep(SETTLE_SECONDS)
        maps = " ".join(mapping.path for mapping in bot.process.memory_maps())  # type: ignore[no-untyped-call]
        return {"resident_mb": bot.process.memory_info().rss / 1e6, "torch_imported": "libtorch" in maps}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    report(asyncio.run(measure()), parser.parse_args().json)
