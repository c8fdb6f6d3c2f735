"""The process that draws: `python -m inference.worker CONFIG`, with one end of a socket pair.

The event loop answers the bot; the engine has a thread of its own. The process ends when the bot is gone.
"""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path
from socket import socket

from pydantic import BaseModel

from inference.checkpoints import Checkpoint
from inference.contract import Cancelled, CheckpointUnusable, DeviceBroken, Drawing, Engine, OutOfMemory, Unfeasible
from inference.protocol import (
    Attempt,
    Cancel,
    Done,
    Failed,
    FailureKind,
    Message,
    Ping,
    Pong,
    Preview,
    Progress,
    Ready,
    Run,
    Started,
    Unusable,
    encode,
    receive,
)

ENGINE = "inference.engine.engine:DiffusersEngine"
PREVIEW_BACKLOG = 256 * 2**10  # bytes waiting for the bot above which previews are dropped
NICENESS = 10  # on a CPU the bot must stay quick while the engine takes every core
BROKEN_DEVICE = 70

log = logging.getLogger("inference.worker")


class WorkerConfig(BaseModel):
    """What a worker is told on its command line. `fd` is its end of the socket pair."""

    fd: int = -1
    device: str
    checkpoint: str
    checkpoints: dict[str, Checkpoint]
    cache: Path
    preview_every: float
    engine: str = ENGINE


class AttemptWatch:
    """Turns what the engine reports of one attempt into messages."""

    def __init__(self, worker: "Worker", attempt_id: str, preview_every: float) -> None:
        self._worker = worker
        self._id = attempt_id
        self._every = preview_every
        self._last_preview = time.monotonic()

    def step(self, done: int, of: int) -> None:
        """Report progress. Raises Cancelled where the bot asked for the end."""
        self._worker.steps += 1
        if self._id not in self._worker.wanted:
            raise Cancelled
        self._worker.post(Progress(attempt_id=self._id, step=done, of=of))

    def wants_preview(self) -> bool:
        """Say whether the last preview is old enough."""
        return time.monotonic() - self._last_preview >= self._every

    def preview(self, jpeg: bytes) -> None:
        """Send a preview."""
        self._last_preview = time.monotonic()
        self._worker.post(Preview(attempt_id=self._id, jpeg=jpeg))


class Worker:
    """Reads the bot's messages and lets the engine draw."""

    def __init__(self, config: WorkerConfig, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.steps = 0
        self.wanted: set[str] = set()  #: the attempts that came and that nobody has cancelled
        self._config = config
        self._reader = reader
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "engine")
        self._loading = True
        self._tasks: set[asyncio.Task[None]] = set()
        self._engine: Engine

    async def run(self) -> None:
        """Serve until the bot closes the socket."""
        self._begin(self._load)
        while True:
            match await receive(self._reader):
                case Ping():
                    self._send(Pong(steps=self.steps, loading=self._loading))
                case Run(attempt=attempt):
                    self.wanted.add(attempt.id)
                    self._begin(partial(self._attempt, attempt))
                case Cancel(attempt_id=attempt_id):
                    self.wanted.discard(attempt_id)

    def post(self, message: Message) -> None:
        """Send a message from the engine's thread."""
        self._loop.call_soon_threadsafe(self._send, message)

    def _send(self, message: Message) -> None:
        backlog = self._writer.transport.get_write_buffer_size()
        if not (isinstance(message, Preview) and backlog > PREVIEW_BACKLOG):
            self._writer.write(encode(message))

    def _begin(self, work: Callable[[], None]) -> None:
        """Queue work for the engine's thread; whatever escapes from it ends the process."""

        async def watch() -> None:
            try:
                await self._loop.run_in_executor(self._thread, work)
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

        task = self._loop.create_task(watch())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _load(self) -> None:
        module, _, name = self._config.engine.partition(":")
        make: Callable[..., Engine] = getattr(import_module(module), name)
        self._engine = make(self._config.device, self._config.checkpoints, self._config.cache)
        self.post(Ready(fingerprint=self._prepare(self._config.checkpoint)))

    def _prepare(self, checkpoint: str) -> dict[str, str]:
        self._loading = True
        try:
            return self._engine.load(checkpoint)
        finally:
            self._loading = False

    def _attempt(self, attempt: Attempt) -> None:
        end = self._outcome(attempt)
        self.wanted.discard(attempt.id)  # before the bot hears of the end, and may send it again
        self.post(end)

    def _outcome(self, attempt: Attempt) -> Done | Failed:
        try:
            self._prepare(attempt.request.checkpoint)
            return self._make(attempt)
        except Cancelled:
            return _failed(attempt, FailureKind.CANCELLED, "cancelled")
        except Unfeasible as error:
            return _failed(attempt, FailureKind.INVALID, str(error))
        except CheckpointUnusable as error:
            log.exception("attempt %s", attempt.id)
            return _failed(attempt, FailureKind.UNUSABLE, str(error))
        except OutOfMemory as error:
            return _failed(attempt, FailureKind.OUT_OF_MEMORY, str(error))
        except DeviceBroken:
            raise
        except Exception as error:
            log.exception("attempt %s", attempt.id)
            return _failed(attempt, FailureKind.ENGINE, f"{type(error).__name__}: {error}")

    def _make(self, attempt: Attempt) -> Done:
        """Draw; the time counts from here, when the checkpoint is loaded. Raises what the engine raises."""
        if attempt.id not in self.wanted:
            raise Cancelled
        self.post(Started(attempt_id=attempt.id))
        began = time.monotonic()
        drawing = self._draw(attempt)
        return Done(
            attempt_id=attempt.id,
            pictures=drawing.pictures,
            seconds=time.monotonic() - began,
            fingerprint=drawing.fingerprint,
            truncated=drawing.truncated,
        )

    def _draw(self, attempt: Attempt) -> Drawing:
        watch = AttemptWatch(self, attempt.id, self._config.preview_every)
        try:
            return self._engine.draw(attempt, watch, thrifty=False)
        except OutOfMemory as error:
            log.warning("attempt %s: %s; once more with the least memory", attempt.id, error)
        self._engine.free()  # only here, when the exception no longer holds the engine's tensors
        return self._engine.draw(attempt, watch, thrifty=True)


def _failed(attempt: Attempt, kind: FailureKind, detail: str) -> Failed:
    return Failed(attempt_id=attempt.id, kind=kind, detail=detail)


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
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    config = WorkerConfig.model_validate_json(sys.argv[1])
    if config.device == "cpu":
        os.nice(NICENESS)
    asyncio.run(serve(config))


if __name__ == "__main__":
    main()
