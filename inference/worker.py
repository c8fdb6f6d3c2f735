"""The process that draws: `python -m inference.worker CONFIG`, with one end of a socket pair.

The event loop answers the bot; the engine has a thread of its own. The process ends when the bot is gone.
"""

import asyncio
import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from socket import socket

from config.logs import LogStyle, set_up
from inference.contract import CheckpointUnusable, DeviceBroken
from inference.easel import Easel, WorkerConfig
from inference.protocol import MESSAGES, Cancel, Chosen, Message, Ping, Pong, Preview, Run, Unusable, encode

PREVIEW_BACKLOG = 256 * 2**10  # bytes waiting for the bot above which previews are dropped
NICENESS = 10  # on a CPU the bot must stay quick while the engine takes every core
BROKEN_DEVICE = 70

log = logging.getLogger("inference.worker")


class Worker:
    """Reads the bot's messages and lets the engine draw."""

    def __init__(self, config: WorkerConfig, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._easel = Easel(config, self.post)

    async def run(self) -> None:
        """Serve until the bot closes the socket."""
        drawing = asyncio.create_task(self._draw())
        try:
            while True:
                match await MESSAGES.receive(self._reader):
                    case Ping():
                        self._send(
                            Pong(steps=self._easel.steps, loading=self._easel.loading, counts=self._easel.counts)
                        )
                    case Run(attempt=attempt):
                        self._easel.wanted.add(attempt.id)
                        self._easel.inbox.put(attempt)
                    case Cancel(attempt_id=attempt_id):
                        self._easel.wanted.discard(attempt_id)
                    case Chosen(value=value):
                        self._easel.choices.answers.put(value)
        finally:
            drawing.cancel()

    def post(self, message: Message) -> None:
        """Send a message from the engine's thread."""
        self._loop.call_soon_threadsafe(self._send, message)

    def _send(self, message: Message) -> None:
        backlog = self._writer.transport.get_write_buffer_size()
        if not (isinstance(message, Preview) and backlog > PREVIEW_BACKLOG):
            self._writer.write(encode(message))

    async def _draw(self) -> None:
        """Let the engine draw in a thread of its own; whatever escapes from it ends the process."""
        try:
            await self._loop.run_in_executor(ThreadPoolExecutor(1, "engine"), self._easel.work)
        except DeviceBroken:
            log.exception("the device is broken; this worker ends")
            end(BROKEN_DEVICE)
        except CheckpointUnusable as error:
            self._send(Unusable(problem=str(error)))
            await self._writer.drain()
            end(1)
        except Exception:
            log.exception("this worker cannot go on")
            end(1)


async def serve(config: WorkerConfig) -> None:
    """Serve the bot at the other end of `config.fd`, until it is gone."""
    reader, writer = await asyncio.open_connection(sock=socket(fileno=config.fd))
    try:
        await Worker(config, reader, writer).run()
    except (EOFError, ConnectionError):
        end(0)


def end(status: int) -> None:
    """End the process at once: the engine's thread may be deep in a computation that nobody wants."""
    logging.shutdown()
    os._exit(status)


def main() -> None:
    """Run the worker that the command line describes."""
    set_up(LogStyle.JSON, logging.INFO)  # for the bot, which writes it into its own log
    config = WorkerConfig.model_validate_json(sys.argv[1])
    if config.device == "cpu":
        os.nice(NICENESS)
    asyncio.run(serve(config))


if __name__ == "__main__":
    main()
