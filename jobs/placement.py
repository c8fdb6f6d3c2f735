"""Where a job may go: which of the free workers is as good for it as any, and has its checkpoint in memory.

Whose turn it is, the fair share decides alone. A job that waits for one certain worker lets others pass, and is served
as soon as that one is free: who was served less is due.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache

from db.tables.job import Job
from inference.executor import WorkerInfo, WorkerState
from inference.protocol import Loaded
from jobs.originals import Originals, differences

PATIENCE = 300.0  # seconds for which a job that could be drawn waits for a worker that is better for it
ROOM_PATIENCE = 30.0  # seconds, for one that only has more memory: with little it is drawn all the same, more slowly
Unfitness = tuple[bool, bool, int]  # the smallest is the best


class Placement:
    """The workers at one moment: `candidates` are all that there are, `free` those with a lane, idlest first.

    `holds` says what each has in memory or is about to, `failed` who has failed which job, `memory` how many bytes a
    checkpoint needs. `waits` says for how long a job has been passed over because of where it may go.
    """

    def __init__(
        self,
        *,
        candidates: Iterable[WorkerInfo],
        free: Sequence[WorkerInfo],
        holds: Mapping[str, AbstractSet[Loaded]],
        failed: Mapping[int, AbstractSet[str]],
        memory: Mapping[str, int],
        originals: Originals,
        waits: "Waits",
    ) -> None:
        self._candidates = tuple(filter(is_awaited, candidates))
        self._free = free
        self._holds = holds
        self._failed = failed
        self._memory = memory
        self._originals = originals
        self._waits = waits
        self._roomy = cache(self._with_room)
        self._usual = cache(self._of_usual)  # most jobs differ in nothing but what they need in memory

    @property
    def full(self) -> bool:
        """Whether no worker takes anything at present."""
        return not self._free

    def where(self, job: Job) -> str | None:
        """Return the worker that the job goes to, None where it has to wait for another one."""
        needed = loaded_for(job)
        usual = self._is_usual(job)
        worker = self._usual(needed) if usual else self._warmest(self._best(job), needed)
        if worker is None and self._free and self._waits.too_long(job, ROOM_PATIENCE if usual else PATIENCE):
            return self._warmest(self._free, needed)
        return worker

    def is_warm(self, job: Job) -> bool:
        """Say whether the worker that the job goes to need not load its checkpoint."""
        held = self._holds.get(self.where(job) or "", frozenset[Loaded]())
        return bool(held) and loaded_for(job) in held

    def _is_usual(self, job: Job) -> bool:
        """Say whether it matters for a job only what it needs in memory."""
        return job.id not in self._failed and not self._originals.of(job)

    def _of_usual(self, needed: Loaded) -> str | None:
        return self._warmest(self._roomy(needed[0]), needed)

    def _warmest(self, fitting: Sequence[WorkerInfo], needed: Loaded) -> str | None:
        """Return the first worker that has it in memory, else the idlest; None where none fits."""
        warm = (worker.id for worker in fitting if needed in self._holds[worker.id])
        return next(warm, fitting[0].id if fitting else None)

    def _best(self, job: Job) -> Sequence[WorkerInfo]:
        """Return those of the free workers than which there is no better one."""
        best = min((self._unfitness(worker, job) for worker in self._candidates), default=None)
        return [worker for worker in self._free if self._unfitness(worker, job) == best]

    def _with_room(self, checkpoint: str) -> Sequence[WorkerInfo]:
        """Return the free workers with enough memory; all of them, where no worker has as much."""
        if all(self._is_small(worker, checkpoint) for worker in self._candidates):
            return self._free
        return [worker for worker in self._free if not self._is_small(worker, checkpoint)]

    def _unfitness(self, worker: WorkerInfo, job: Job) -> Unfitness:
        """Rather one that has not failed it yet, then one with enough memory, then one like that of the original."""
        checkpoint = _checkpoint(job)
        unlike = len(differences(self._originals.of(job), checkpoint, worker))
        return worker.id in self._failed.get(job.id, ()), self._is_small(worker, checkpoint), unlike

    def _is_small(self, worker: WorkerInfo, checkpoint: str) -> bool:
        return worker.memory is not None and worker.memory < self._memory.get(checkpoint, 0)


class Waits:
    """Since when jobs are passed over because a better worker is not free."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[int, float] = {}

    def too_long(self, job: Job, patience: float) -> bool:
        """Say whether the job has waited so many seconds for a better worker; its wait begins when this is asked."""
        now = self._clock()
        return now - self._since.setdefault(job.id, now) >= patience

    def __contains__(self, job_id: object) -> bool:
        """Say whether a job waits for a better worker."""
        return job_id in self._since

    def forget(self, job: Job) -> None:
        """Remember nothing of a job that a worker has."""
        self._since.pop(job.id, None)


def is_awaited(worker: WorkerInfo) -> bool:
    """Say whether it draws, or may be waited for: one that has never told what it is may never come."""
    return worker.state is WorkerState.READY or (worker.state is not WorkerState.BROKEN and bool(worker.fingerprint))


def loaded_for(job: Job) -> Loaded:
    """Return what a worker has in memory that need not load anything for the job."""
    adapters = job.request.get("adapters") if job.request else None
    if not adapters:  # this is asked a thousand times at a claim
        return _checkpoint(job), ()
    return _checkpoint(job), tuple(sorted((str(name), float(strength)) for name, strength in adapters))


def _checkpoint(job: Job) -> str:
    return str(job.request["checkpoint"])
