"""`python -m local_discord`: print one JSON line, then serve until stopped."""

import argparse
import asyncio
import json
import signal
import sys

from local_discord.server import LocalDiscord


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m local_discord", description="A Discord-compatible server.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: a free one)")
    parser.add_argument("--until-eof", action="store_true", help="stop when standard input ends, as with its parent")
    options = parser.parse_args()
    asyncio.run(serve(options.host, options.port, until_eof=options.until_eof))


async def serve(host: str, port: int, *, until_eof: bool = False) -> None:
    """Serve until SIGINT or SIGTERM, or until standard input ends."""
    stop = asyncio.Event()
    if until_eof:
        asyncio.get_running_loop().add_reader(sys.stdin, stop.set)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with LocalDiscord(host, port) as server:
        print(json.dumps(server.describe()), flush=True)
        await stop.wait()


if __name__ == "__main__":
    main()
