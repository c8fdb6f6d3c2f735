"""The clerk: processes of low priority that do the work on pictures, so that the bot never waits or dies of it."""

import asyncio
import ctypes
import logging
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any, Self, TypeVar

from config.logs import LogStyle, set_up, style_here
from config.settings import SECRETS
from config.words import UserError

T = TypeVar("T")

MEMORY_BYTES = 4 << 30
START_SECONDS = 60.0
NICENESS = 10


class ClerkFailed(UserError):
    """A call took too long, or its process died; the next call meets a new process."""


class Clerk:
    """Runs functions of plain values in processes of its own, in the order in which they are asked for.

    Functions and their values must pickle. There are at most so many processes as `desks`, each of which has one
    function in hand; all but the first start once they are needed. `memory` bounds the address space of each, in bytes.
    """

    def __init__(self, *, desks: int = 1, memory: int = MEMORY_BYTES) -> None:
        self.failures = 0  #: calls that came to ClerkFailed
        self._desks = [Desk(memory) for _ in range(desks)]
        self._free: asyncio.LifoQueue[Desk] = asyncio.LifoQueue()  # rather one that has been used before
        for desk in reversed(self._desks):
            self._free.put_nowait(desk)

    async def __aenter__(self) -> Self:
        await self._desks[0].open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(desk.close() for desk in self._desks))

    async def call(self, function: Callable[..., T], *args: Any, timeout: float = 60.0) -> T:  # noqa: ASYNC109
        """Return what the function returns, or raise what it raises.

        Raises ClerkFailed when the process dies, or has not answered `timeout` seconds after this
        call's turn came.
        """
        desk = await self._free.get()
        try:
            return await desk.call(function, *args, timeout=timeout)
        except ClerkFailed:
            self.failures += 1
            raise
        finally:
            self._free.put_nowait(desk)


class Desk:
    """One process, and whoever takes its place when it dies."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._pool: ProcessPoolExecutor | None = None
        self._pid = 0
        self._closed = False

    async def open(self) -> None:
        """Start the process before it is needed."""
        await self._hire()

    async def close(self) -> None:
        """End the process, whatever it does, and start none again."""
        self._closed = True
        await self._dismiss()

    async def call(self, function: Callable[..., T], *args: Any, timeout: float) -> T:  # noqa: ASYNC109
        """Do one function; the next one is asked for after its end."""
        future = await self._submit(function, *args)
        try:
            return await self._answer(future, timeout)
        except (ClerkFailed, asyncio.CancelledError):
            await self._dismiss()
            raise

    async def _submit(self, function: Callable[..., T], *args: Any) -> "Future[T]":
        try:
            return (self._pool or await self._hire()).submit(function, *args)
        except BrokenProcessPool:  # it died while nothing was asked of it
            await self._dismiss()
            return (await self._hire()).submit(function, *args)

    async def _answer(self, future: "Future[T]", seconds: float) -> T:
        answer = asyncio.wrap_future(future)
        try:
            done, _ = await asyncio.wait([answer], timeout=seconds)
            if not done:
                raise ClerkFailed("jobs.took_too_long")
            return answer.result()
        except (BrokenProcessPool, MemoryError) as error:
            raise ClerkFailed("jobs.broke_off") from error
        finally:
            answer.cancel()

    async def _hire(self) -> ProcessPoolExecutor:
        if self._closed:
            raise ClerkFailed("jobs.broke_off")
        habits = self._memory, style_here()
        pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=_settle_in, initargs=habits)
        try:
            self._pid = await asyncio.to_thread(lambda: pool.submit(os.getpid).result(START_SECONDS))
        except BaseException as error:
            pool.shutdown(wait=False)
            if isinstance(error, BrokenProcessPool | TimeoutError):
                raise ClerkFailed("jobs.broke_off") from error
            raise
        self._pool = pool
        if self._closed:  # meanwhile
            await self._dismiss()
            raise ClerkFailed("jobs.broke_off")
        return pool

    async def _dismiss(self) -> None:
        """End the process whatever it does, and wait until it is gone."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        for child in active_children():
            if child.pid == self._pid:
                child.kill()
        await asyncio.to_thread(pool.shutdown)


def _settle_in(memory: int, style: LogStyle) -> None:
    """Prepare the process: little priority, bounded memory, no threads, no secrets, no life after the bot's."""
    set_up(style, logging.WARNING)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    for secret in SECRETS:
        _erase(secret)
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _erase(variable: str) -> None:
    """Take a variable out of the environment, and out of the memory that /proc/PID/environ shows."""
    library = ctypes.CDLL(None)
    library.getenv.restype = ctypes.c_void_p
    if (value := library.getenv(variable.encode())) is not None:
        ctypes.memset(value, 0, len(ctypes.string_at(value)))
        del os.environ[variable]


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
