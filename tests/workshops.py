"""Executors with real workers, for tests of whatever room."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from inference.executor import WorkerState
from inference.local import LocalExecutor

Local = TypeVar("Local", bound=LocalExecutor)


@asynccontextmanager
async def until_ready(executor: Local) -> AsyncIterator[Local]:
    """Start the executor, give it once every worker is ready, and close it."""
    await executor.start()
    try:
        async with asyncio.timeout(120):
            while any(worker.state is not WorkerState.READY for worker in executor.workers()):
                await executor.changed()
        yield executor
    finally:
        await executor.close(0)
