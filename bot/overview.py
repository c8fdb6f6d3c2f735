"""How things stand: everything that monitoring and moderators are told of, found out at one moment."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping

from db.base import utc_now
from db.images import PictureStore
from db.outbox import Backlog, Outbox
from inference.executor import Executor
from jobs.clerk import Clerk
from jobs.dispatcher import Dispatcher
from observing.snapshot import Snapshot, Waiting

DATABASE_SECONDS = 3.0

log = logging.getLogger(__name__)


class Overview:
    """Asks everybody. `gateway` tells the latency of each shard, `clerks` are those that there are, by their names.

    `slack` is by how many GPU-seconds somebody may be taken out of turn.
    """

    def __init__(
        self,
        *,
        gateway: Callable[[], Mapping[int, float | None]],
        dispatcher: Dispatcher,
        executor: Executor,
        outbox: Outbox,
        clerks: Mapping[str, Clerk],
        store: PictureStore,
        slack: float,
    ) -> None:
        self._gateway = gateway
        self._dispatcher = dispatcher
        self._executor = executor
        self._outbox = outbox
        self._clerks = clerks
        self._store = store
        self._slack = slack

    async def look(self) -> Snapshot:
        """Return how things stand; what is long is added up beside the event loop."""
        jobs, lead = self._dispatcher.waiting(), self._dispatcher.lead()
        attempts, running = self._dispatcher.running(), defaultdict[str, list[str]](list)
        for attempt in attempts:
            running[attempt.worker].append(str(attempt.job.request["checkpoint"]))
        return Snapshot(
            workers=tuple(self._executor.workers()),
            running=running,
            waiting=await asyncio.to_thread(Waiting.of, jobs, [each.job for each in attempts], lead, self._slack),
            clerks={name: clerk.failures for name, clerk in self._clerks.items()},
            gateway=self._gateway(),
            outbox=await self._backlog(),
            pictures=self._store.answers,
        )

    async def _backlog(self) -> Backlog | None:
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                return await self._outbox.backlog(utc_now())
        except Exception as error:  # noqa: BLE001 - however it fails, it does not answer
            log.warning("the database does not answer: %r", error)
            return None
