"""The executor for one machine: one process per device."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence

from config.settings import Settings
from inference.checkpoints import Checkpoint
from inference.devices import find_devices
from inference.easel import ENGINE, WorkerConfig
from inference.executor import WorkerInfo
from inference.protocol import Attempt, Event
from inference.streams import refused
from inference.supervisor import Patience, Settle, Supervisor

log = logging.getLogger(__name__)


class LocalExecutor:
    """Runs attempts in worker processes on this machine; `settle` says what all of them draw with."""

    def __init__(
        self,
        settings: Settings,
        checkpoints: Mapping[str, Checkpoint],
        settle: Settle | None = None,
        *,
        patience: Patience | None = None,
        engine: str = ENGINE,
    ) -> None:
        self._settings = settings
        self._checkpoints = dict(checkpoints)
        self._settle = settle
        self._patience = patience or Patience(load=settings.times.load)
        self._engine = engine
        self._supervisors: dict[str, Supervisor] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._change = asyncio.Event()

    async def start(self) -> None:
        """Start a worker on every device; returns before they are ready."""
        for name, device in named(self._settings.devices or await find_devices()):
            config = WorkerConfig.of(self._settings, self._checkpoints, device, self._engine)
            supervisor = self._supervisors[name] = Supervisor(name, config, self._patience, self._notify, self._settle)
            task = asyncio.create_task(supervisor.live(), name=f"worker {name}")
            task.add_done_callback(_report)
            self._tasks.append(task)

    def workers(self) -> Sequence[WorkerInfo]:
        """Return the workers as they are now."""
        return [supervisor.info for supervisor in self._supervisors.values()]

    async def changed(self) -> None:
        """Wait until a worker's state or free lanes change."""
        await self._change.wait()

    def run(self, worker_id: str, attempt: Attempt) -> AsyncIterator[Event]:
        """Start the attempt at once; its events come from the iterator, which must be read to its end."""
        supervisor = self._supervisors.get(worker_id)
        return refused(attempt.id) if supervisor is None else supervisor.run(attempt)

    async def cancel(self, attempt_id: str) -> None:
        """Ask for an attempt's end."""
        for supervisor in self._supervisors.values():
            supervisor.cancel(attempt_id)

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 - the deadline is the contract
        """Let running attempts end within `timeout` seconds, then end every worker."""
        try:
            async with asyncio.timeout(timeout):
                while any(supervisor.busy for supervisor in self._supervisors.values()):
                    await self.changed()
        except TimeoutError:
            log.warning("attempts were still running at the end of %g s", timeout)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _notify(self) -> None:
        event, self._change = self._change, asyncio.Event()
        event.set()


def named(devices: Sequence[str]) -> list[tuple[str, str]]:
    """Return each device after its worker's name: the device's own, and "cpu/2" for the second one of the CPU."""
    seen: Counter[str] = Counter()
    pairs = []
    for device in devices:
        seen[device] += 1
        pairs.append((device if seen[device] == 1 else f"{device}/{seen[device]}", device))
    return pairs


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("%s is no longer supervised", task.get_name(), exc_info=error)
