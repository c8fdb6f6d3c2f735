"""The workers, as far as it matters who of them gets a job."""

from collections import Counter
from collections.abc import Mapping

from db.tables.job import Job
from inference.executor import Executor, WorkerInfo, WorkerState
from jobs.attempt import Running


class Workers:
    """Who is free, who has what in memory, and who has failed what. `running` is what has an attempt."""

    def __init__(self, executor: Executor, running: Mapping[int, Running]) -> None:
        self._executor = executor
        self._running = running
        self._failed: dict[int, set[str]] = {}  #: jobs whose attempts were lost, and the workers that lost them
        self._warm: dict[str, str] = {}  #: workers, and the checkpoint that they drew with last

    @property
    def broken(self) -> bool:
        """Whether every worker died too often, and none has come back."""
        workers = self._executor.workers()
        return bool(workers) and all(worker.state is WorkerState.BROKEN for worker in workers)

    @property
    def problems(self) -> str:
        """What ails them, for the operator."""
        return "; ".join(f"{worker.id}: {worker.problem}" for worker in self._executor.workers())

    def idlest_first(self) -> list[WorkerInfo]:
        """Return the workers that have a lane free, those who have least to do first."""
        busy = Counter(running.worker for running in self._running.values())
        free = [worker for worker in self._executor.workers() if self._lanes_free(worker) > 0]
        return sorted(free, key=lambda worker: busy[worker.id])

    def is_warm(self, worker: str, job: Job) -> bool:
        """Say whether the worker need not load another checkpoint for the job."""
        return self._warm.get(worker, _checkpoint(job)) == _checkpoint(job)

    def may_try(self, worker: str, job: Job) -> bool:
        """Say whether the worker is as good for the job as any: rather one that has not failed it yet."""
        untried = self.untried(job)
        return worker in untried or not untried

    def untried(self, job: Job) -> set[str]:
        """Return the ready workers that have not failed the job."""
        ready = {worker.id for worker in self._executor.workers() if worker.state is WorkerState.READY}
        return ready - self._failed.get(job.id, set())

    def takes(self, worker: str, job: Job) -> None:
        """Remember what the worker draws with from now on."""
        self._warm[worker] = _checkpoint(job)

    def failed(self, worker: str, job: Job) -> None:
        """Remember that the worker has failed the job, which waits again."""
        self._failed.setdefault(job.id, set()).add(worker)

    def forget(self, job: Job) -> None:
        """Remember nothing of a job that is over."""
        self._failed.pop(job.id, None)

    def _lanes_free(self, worker: WorkerInfo) -> int:
        about_to_begin = sum(not each.begun and each.worker == worker.id for each in self._running.values())
        return worker.lanes_free - about_to_begin if worker.state is WorkerState.READY else 0


def _checkpoint(job: Job) -> str:
    return str(job.request["checkpoint"])
