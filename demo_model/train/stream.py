"""An endless stream of freshly drawn pictures: nothing is stored, nothing comes twice."""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from types import TracebackType
from typing import Generic, Self, TypeVar

import numpy as np

Item = TypeVar("Item")
PATIENCE_S = 300.0  #: a batch takes well under a second, a process some seconds to start


class Stream(Generic[Item]):
    """Batches of what `make` returns, made ahead by processes of their own where there are any.

    `make` takes a random generator and must be picklable. `seed` should differ between runs, or they would draw the
    same pictures again.
    """

    def __init__(self, make: Callable[[np.random.Generator], Item], batch: int, workers: int, seed: tuple[int, ...]):
        self._make = make
        self._batch = batch
        self._seed = seed
        self._drawn = 0
        self._ahead: deque[Future[list[Item]]] = deque()
        self._depth = 3 * workers
        self._pool = ProcessPoolExecutor(workers, get_context("spawn"), _follow_parent) if workers else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def next(self) -> list[Item]:
        """Return the next batch."""
        if self._pool is None:
            return make_batch(self._make, self._batch, self._next_seed())
        while len(self._ahead) < self._depth:
            self._ahead.append(self._pool.submit(make_batch, self._make, self._batch, self._next_seed()))
        return self._ahead.popleft().result(timeout=PATIENCE_S)

    def _next_seed(self) -> tuple[int, ...]:
        self._drawn += 1
        return (*self._seed, self._drawn)


def _follow_parent() -> None:
    """Leave it to the parent to stop: a signal to all must not take the pictures from under it. End when it ends."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def make_batch(make: Callable[[np.random.Generator], Item], size: int, seed: tuple[int, ...]) -> list[Item]:
    """Return a batch of things made from the seed."""
    dice = np.random.default_rng(seed)
    return [make(dice) for _ in range(size)]
