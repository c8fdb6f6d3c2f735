"""Keeps the worker of one GPU on the GPU's own machine, for a bot on whatever machine: the actor of the Ray executor.

One bot at a time is served, in a session. A bot that calls no more loses it to the next, and with it what it had asked
for: the fences of those attempts are old. The worker stays, and what it has in memory.
"""

import asyncio
import hashlib
import logging
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from pydantic import BaseModel, ConfigDict

from config.logs import LogStyle, set_up
from config.settings import ROOT, load_settings
from inference.devices import given_device
from inference.easel import WorkerConfig
from inference.executor import WorkerInfo
from inference.parcel import Delivery, Parcel, TooLarge
from inference.protocol import Attempt, Choice, Done, Event, Failed, FailureKind, Preview, Progress, Started
from inference.supervisor import Patience, Supervisor

HEAR_SECONDS = 2.0  # after which a bot that waits for news is answered, though there are none
SESSION_SECONDS = 6.0  # without a call, after which another bot may come
LEAVE_SECONDS = 3.0  # for a bot that leaves to be let go
SPOOLS = "spools"  #: the folder of the data folder that holds one for each keeper of the machine, by its process id

Told = Started | Progress | Preview | Failed | Delivery | Choice

log = logging.getLogger(__name__)


class Taken(Exception):
    """Another bot is served."""


class NotKept(Exception):
    """What a worker chose could not be kept; the text says why."""


class Duty(BaseModel):
    """What a keeper is told. The worker's device and cache are the machine's own, and filled in there."""

    model_config = ConfigDict(frozen=True)

    worker: WorkerConfig
    patience: Patience

    @property
    def digest(self) -> str:
        """What is the same for the same duty alone."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def code_digest() -> str:
    """Return what is the same for the same code of this room alone."""
    digest = hashlib.sha256()
    for file in sorted((ROOT / "inference").rglob("*.py")):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


class Keeper:
    """Runs the supervisor of one worker, and tells the bot that is served what comes of its attempts."""

    def __init__(self, name: str, duty: Duty) -> None:
        set_up(LogStyle.TEXT, logging.INFO)
        os.environ.pop("OMP_NUM_THREADS", None)  # Ray says 1 to an actor; the worker beside it decides for itself
        self._name = name
        self._duty = duty
        self._code = code_digest()
        self._session = ""
        self._heard = 0.0  #: when the bot that is served called last
        self._news = asyncio.Event()
        self._told: list[Told] = []
        self._shown: WorkerInfo | None = None  #: as the bot knows the worker
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._unwanted: set[str] = set()
        self._former: set[str] = set()  #: attempts of earlier sessions, which have lanes until they have ended
        self._questions: dict[Choice, asyncio.Future[int | None]] = {}  #: of the worker, which no bot has answered yet
        self._opening = asyncio.Lock()
        self._spool: Path
        self._supervisor: Supervisor | None = None
        self._living: asyncio.Task[None]

    async def connect(self, session: str) -> tuple[str, str]:
        """Serve the session from now on, and end what those before had asked for; return the digests of duty and code.

        Raises Taken where another bot is served, ConfigError where this machine's settings or its GPU are of no use.
        """
        async with self._opening:
            await self._open()
        if self._session and time.monotonic() - self._heard < SESSION_SECONDS:
            raise Taken("it serves another bot")
        self._session, self._heard = session, time.monotonic()
        self._cancel_all()
        self._former = set(self._tasks)
        self._told.clear()
        self._news.set()  # to this bot all is new
        return self._duty.digest, self._code

    async def hear(self, session: str) -> tuple[WorkerInfo, list[Told]]:
        """Wait for news, but not for long; return the worker with all lanes of the bot's, and what attempts told since.

        A question of the worker is told until it is answered: bots and their drivers come and go.

        Raises Taken where another bot is served by now.
        """
        self._served(session)
        with suppress(TimeoutError):
            async with asyncio.timeout(HEAR_SECONDS):
                await self._news.wait()
        supervisor = self._served(session)
        self._news.clear()
        told, self._told = [*self._told, *self._questions], []
        self._shown = self._offer(supervisor)
        return self._shown, told

    async def run(self, session: str, parcel: Parcel) -> None:
        """Begin with an attempt, once one of that name which an earlier bot has left is over.

        Raises Taken where another bot is served by now.
        """
        attempt_id = parcel.attempt.id
        if self._served(session) and attempt_id in self._tasks:
            await asyncio.wait([self._tasks[attempt_id]])
        supervisor = self._served(session)
        self._tasks[attempt_id] = asyncio.create_task(self._carry_out(session, supervisor, parcel))

    async def cancel(self, session: str, attempt_id: str) -> None:
        """Ask for an attempt's end. Raises Taken where another bot is served by now."""
        self._served(session)
        self._cancel(attempt_id)

    async def answer(self, session: str, choice: Choice, value: int | None, problem: str = "") -> None:
        """Tell the worker what counts for all, or end it where there is a problem with that.

        Raises Taken where another bot is served by now.
        """
        self._served(session)
        question = self._questions.get(choice)
        if question is None or question.done():
            return
        if problem:
            question.set_exception(NotKept(problem))
        else:
            question.set_result(value)

    async def leave(self, session: str) -> None:
        """End the session, and what it asked for. Raises Taken where another bot is served by now."""
        self._served(session)
        self._session = ""
        self._cancel_all()

    async def close(self) -> None:
        """End the worker."""
        self._living.cancel()
        await asyncio.gather(self._living, return_exceptions=True)

    async def _open(self) -> None:
        """Start the worker, once, on the device that this process has been given."""
        if self._supervisor is not None:
            return
        device = await given_device()
        data = load_settings().data
        self._spool = await asyncio.to_thread(_own_folder, data / SPOOLS)
        config = self._duty.worker.model_copy(update={"device": device, "cache": data})
        self._supervisor = Supervisor(self._name, config, self._duty.patience, self._look, self._ask)
        self._living = asyncio.create_task(self._supervisor.live())
        self._living.add_done_callback(_end_unless_closed)

    def _look(self) -> None:
        """Have the bot told where the worker is not as it knows it; which lanes it has given away it knows."""
        if self._supervisor is not None and self._offer(self._supervisor) != self._shown:
            self._news.set()

    def _offer(self, supervisor: Supervisor) -> WorkerInfo:
        """Return the worker with the lanes that the bot which is served may give away."""
        return replace(supervisor.info, lanes_free=max(0, supervisor.lanes - len(self._former)))

    async def _ask(self, name: str, value: int | None) -> int | None:
        """Ask the bot, whose machine alone knows what the workers of all machines draw with."""
        choice = Choice(name=name, value=value)
        question: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._questions[choice] = question
        self._news.set()
        try:
            return await question
        finally:
            del self._questions[choice]

    def _served(self, session: str) -> Supervisor:
        if session != self._session or self._supervisor is None:
            raise Taken("it serves another bot by now")
        self._heard = time.monotonic()
        return self._supervisor

    def _cancel_all(self) -> None:
        """Ask for the end of every attempt; the supervisor sees to it that it comes."""
        for attempt_id in self._tasks:
            self._cancel(attempt_id)

    def _cancel(self, attempt_id: str) -> None:
        if attempt_id in self._tasks and self._supervisor is not None:
            self._unwanted.add(attempt_id)
            self._supervisor.cancel(attempt_id)

    async def _carry_out(self, session: str, supervisor: Supervisor, parcel: Parcel) -> None:
        attempt_id = parcel.attempt.id
        try:
            async with _unpacked(parcel, self._spool) as attempt:
                async for event in self._draw(supervisor, attempt):
                    self._tell(session, await _packed(event))
        except (OSError, TooLarge) as error:
            log.exception("attempt %s: its files", attempt_id)
            self._tell(session, Failed(attempt_id=attempt_id, kind=FailureKind.ENGINE, detail=repr(error)))
        finally:
            self._unwanted.discard(attempt_id)
            self._former.discard(attempt_id)
            del self._tasks[attempt_id]
            self._look()

    async def _draw(self, supervisor: Supervisor, attempt: Attempt) -> AsyncIterator[Event]:
        events = supervisor.run(attempt)
        if attempt.id in self._unwanted:  # since before the worker knew of it
            supervisor.cancel(attempt.id)
        async for event in events:
            yield event

    def _tell(self, session: str, told: Told) -> None:
        """Keep it for the bot, unless that is another by now; of previews the latest alone."""
        if session != self._session:
            return
        if isinstance(told, Preview):
            self._told = [each for each in self._told if not _is_preview(each, told.attempt_id)]
        self._told.append(told)
        self._news.set()


async def _packed(event: Event) -> Told:
    return await asyncio.to_thread(Delivery.pack, event) if isinstance(event, Done) else event


def _is_preview(told: Told, attempt_id: str) -> bool:
    return isinstance(told, Preview) and told.attempt_id == attempt_id


@asynccontextmanager
async def _unpacked(parcel: Parcel, parent: Path) -> AsyncIterator[Attempt]:
    """Give the attempt with its files in a folder of its own, which goes with all that is in it."""
    folder, attempt = await asyncio.to_thread(_unpack, parcel, parent)
    try:
        yield attempt
    finally:
        await asyncio.to_thread(folder.cleanup)


def _unpack(parcel: Parcel, parent: Path) -> "tuple[TemporaryDirectory[str], Attempt]":
    folder = TemporaryDirectory(dir=parent)
    try:
        return folder, parcel.unpack(Path(folder.name))
    except OSError:
        folder.cleanup()
        raise


def _own_folder(parent: Path) -> Path:
    """Return an empty folder for this process, and remove those of processes that are gone."""
    own = parent / str(os.getpid())
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True, exist_ok=True)  # another keeper of this process may have been quicker
    for folder in parent.iterdir():
        if folder.name.isdecimal() and not psutil.pid_exists(int(folder.name)):  # type: ignore[no-untyped-call]
            shutil.rmtree(folder, ignore_errors=True)  # another keeper may be at it, too
    return own


def _end_unless_closed(living: asyncio.Task[None]) -> None:
    """End this process where its supervisor broke: it is of no use without one, and Ray starts another."""
    if not living.cancelled():
        log.critical("the worker is no longer supervised", exc_info=living.exception())
        logging.shutdown()
        os._exit(1)
