"""Where a job stands in the queue, as people are told."""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto, unique
from typing import Self

from db.tables.job import Job
from inference.executor import WorkerInfo, WorkerState
from jobs.attempt import Running


@unique
class Reason(Enum):
    """Why a job is not being drawn."""

    NO_WORKER = auto()  #: no worker is ready: it starts, or loads its checkpoint
    OTHERS = auto()  #: it is the turn of others, who were served less
    OWN = auto()  #: the same person's earlier jobs come first
    NEXT = auto()  #: it is the next one
    CHOOSY = auto()  #: a worker is free, but another one suits it better
    STARTING = auto()  #: a worker has it, and may still be loading its checkpoint
    NONE = auto()  #: it is being drawn


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job stands: how many are served before it, and in how many seconds it should begin and be done.

    `people`: how many others are served before it. `doubt`: by what share of themselves such expectations were wrong
    lately; None where that is not known.
    """

    ahead: int
    people: int
    begins: float
    seconds: float
    reason: Reason
    doubt: float | None = None

    @property
    def running(self) -> bool:
        """Whether it is being drawn."""
        return self.reason is Reason.NONE


@dataclass(slots=True)
class Ahead:
    """What is served before a job: how many, whose, and what that costs."""

    jobs: int = 0
    people: set[int] = field(default_factory=set)
    cost: float = 0.0

    def add(self, job: Job) -> None:
        """Count one more."""
        self.jobs += 1
        self.people.add(job.user_id)
        self.cost += job.cost


@dataclass(frozen=True, slots=True)
class Situation:
    """What the places in the queue depend on, beside the order.

    `loads` are the seconds that each ready worker still has to draw, `full` says whether none of them takes any more,
    `soonest` in how many seconds one will, `doubt` how wrong expectations were, `passed_over` which jobs wait for a
    certain worker.
    """

    running: Mapping[int, Running]
    loads: Sequence[float]
    full: bool
    soonest: float
    doubt: float | None
    passed_over: Container[int] = ()

    @classmethod
    def now(
        cls,
        running: Mapping[int, Running],
        workers: Sequence[WorkerInfo],
        doubt: float | None,
        passed_over: Container[int] = (),
    ) -> Self:
        """Return how things stand with these workers."""
        ready = [worker for worker in workers if worker.state is WorkerState.READY]
        loads = [sum(each.seconds_left() for each in running.values() if each.worker == worker.id) for worker in ready]
        taken = sum(not each.begun for each in running.values())
        full = sum(worker.lanes_free for worker in ready) <= taken
        soonest = min((_ends(each, running) for each in running.values()), default=0.0) if full else 0.0
        return cls(running, loads, full, soonest, doubt, passed_over)

    @property
    def workers(self) -> int:
        """The number of ready workers, one at least."""
        return max(1, len(self.loads))

    def of_running(self, job_id: int) -> Place:
        """Return the place of a job that runs: a worker draws first what came first, and what is soon done."""
        mine = self.running[job_id]
        reason = Reason.NONE if mine.started else Reason.STARTING
        return Place(0, 0, 0.0, _ends(mine, self.running), reason, self.doubt)

    def of_waiting(self, line: Iterable[Job]) -> Iterator[tuple[int, Place]]:
        """Yield the place of every job in the line, which is in the order of service."""
        ahead = Ahead()
        for job in line:
            place = self._after(ahead, job.user_id, job.cost)
            yield job.id, replace(place, reason=Reason.CHOOSY) if self._is_choosy(job) else place
            ahead.add(job)

    def after(self, jobs: Collection[Job], user_id: int, cost: float) -> Place:
        """Return the place of a job of the user that is served after those, in whatever order these are."""
        ahead = Ahead(len(jobs), {job.user_id for job in jobs}, sum(job.cost for job in jobs))
        return self._after(ahead, user_id, cost)

    def _is_choosy(self, job: Job) -> bool:
        """Say whether a worker is free, and the job waits for another one."""
        return not self.full and job.id in self.passed_over

    def _after(self, ahead: Ahead, user_id: int, cost: float) -> Place:
        begins = self.soonest + ahead.cost / self.workers
        waits = bool(ahead.jobs) or self.full
        before = (sum(self.loads) + ahead.cost) / self.workers if waits else min(self.loads, default=0.0)
        people = len(ahead.people) - (user_id in ahead.people)
        reason = self._reason(ahead, people)
        return Place(ahead.jobs + self._blocked, people, begins, before + cost, reason, self.doubt)

    @property
    def _blocked(self) -> bool:
        """Whether somebody who is drawn has to end first."""
        return self.full and bool(self.running)

    def _reason(self, ahead: Ahead, people: int) -> Reason:
        if not self.loads:
            return Reason.NO_WORKER
        if people:
            return Reason.OTHERS
        return Reason.OWN if ahead.jobs else Reason.NEXT


def _ends(mine: Running, running: Mapping[int, Running]) -> float:
    """Return in how many seconds a job that runs is done, after what its worker will have done before."""
    left, number = mine.seconds_left(), mine.job.id
    beside = (each for each in running.values() if each.worker == mine.worker and each is not mine)
    return left + sum(each.seconds_left() for each in beside if (each.seconds_left(), each.job.id) < (left, number))
