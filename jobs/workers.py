"""The workers, as far as it matters who of them gets a job."""

from collections import Counter
from collections.abc import Iterable, Mapping

from db.tables.job import Job
from inference.executor import Executor, WorkerInfo, WorkerState
from inference.protocol import Loaded
from jobs.attempt import Running
from jobs.originals import Originals, differences
from jobs.placement import Placement, Waits, is_awaited, loaded_for


class Workers:
    """Who is free, who holds what, and who has failed what. `running` is what has an attempt.

    `memory` is what checkpoints need of a device's, in bytes.
    """

    def __init__(
        self, executor: Executor, running: Mapping[int, Running], memory: Mapping[str, int], originals: Originals
    ) -> None:
        self._executor = executor
        self._running = running
        self._memory = memory
        self._originals = originals
        self._failed: dict[int, set[str]] = {}  #: jobs whose attempts were lost, and the workers that lost them
        self.waits = Waits()  #: for certain workers

    @property
    def broken(self) -> bool:
        """Whether every worker died too often, and none has come back."""
        workers = self._executor.workers()
        return bool(workers) and all(worker.state is WorkerState.BROKEN for worker in workers)

    @property
    def problems(self) -> str:
        """What ails them, for the operator."""
        return "; ".join(f"{worker.id}: {worker.problem}" for worker in self._executor.workers())

    def placement(self) -> Placement:
        """Return where jobs may go now: who has least to do comes first."""
        workers, busy, about_to_begin = self._executor.workers(), Counter[str](), Counter[str]()
        for running in self._running.values():
            busy[running.worker] += 1
            about_to_begin[running.worker] += not running.begun
        ready = (worker for worker in workers if worker.state is WorkerState.READY)
        free = [worker for worker in ready if worker.lanes_free > about_to_begin[worker.id]]
        return Placement(
            candidates=workers,
            free=sorted(free, key=lambda worker: busy[worker.id]),
            holds=self._held(free),
            failed=self._failed,
            memory=self._memory,
            originals=self._originals,
            waits=self.waits,
        )

    def unlike(self, original: Mapping[str, str], checkpoint: str) -> tuple[str, ...]:
        """Return in what the worker that is nearest to what drew a picture is known to differ from it."""
        workers = filter(is_awaited, self._executor.workers())
        return min((differences(original, checkpoint, worker) for worker in workers), key=len, default=())

    def untried(self, job: Job) -> set[str]:
        """Return the ready workers that have not failed the job."""
        return {worker.id for worker in self.ready()} - self._failed.get(job.id, set())

    def ready(self) -> list[WorkerInfo]:
        """Return the workers that draw."""
        return [worker for worker in self._executor.workers() if worker.state is WorkerState.READY]

    def takes(self, job: Job) -> None:
        """Take note that a worker has the job."""
        self.waits.forget(job)

    def failed(self, worker: str, job: Job) -> None:
        """Remember that the worker has failed the job, which waits again."""
        self._failed.setdefault(job.id, set()).add(worker)

    def forget(self, job: Job) -> None:
        """Remember nothing of a job that is over."""
        self._failed.pop(job.id, None)
        self.waits.forget(job)

    def _held(self, workers: Iterable[WorkerInfo]) -> dict[str, set[Loaded]]:
        """Return what each of the workers has in memory, and what it has been given to load."""
        held = {worker.id: set(worker.warm) for worker in workers}
        for running in self._running.values():
            if running.worker in held:
                held[running.worker].add(loaded_for(running.job))
        return held
