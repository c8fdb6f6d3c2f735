"""Where a job stands in the queue, as people are told."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto, unique

from db.tables.job import Job
from jobs.attempt import Running


@unique
class Reason(Enum):
    """Why a job is not being drawn."""

    NO_WORKER = auto()  #: no worker is ready: it starts, or loads its checkpoint
    OTHERS = auto()  #: it is the turn of others, who were served less
    OWN = auto()  #: the same person's earlier jobs come first
    NEXT = auto()  #: it is the next one
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


@dataclass(frozen=True, slots=True)
class Situation:
    """What the places in the queue depend on, beside the order: what runs, on how many lanes, and how right we were."""

    running: Mapping[int, Running]
    lanes: int
    doubt: float | None

    def of_running(self, job_id: int) -> Place:
        """Return the place of a job that runs."""
        running = self.running[job_id]
        reason = Reason.NONE if running.started else Reason.STARTING
        return Place(0, 0, 0.0, running.seconds_left(), reason, self.doubt)

    def of_waiting(self, line: Iterable[Job]) -> Iterator[tuple[int, Place]]:
        """Yield the place of every job in the line, which is in the order of service."""
        ahead: Counter[int] = Counter()
        cost = 0.0
        for job in line:
            yield job.id, self._after(ahead, cost, job.user_id, job.cost)
            ahead[job.user_id] += 1
            cost += job.cost

    def after(self, ahead: Iterable[Job], user_id: int, cost: float) -> Place:
        """Return the place of a job of the user that is served after those."""
        jobs = list(ahead)
        return self._after(Counter(job.user_id for job in jobs), sum(job.cost for job in jobs), user_id, cost)

    def _after(self, ahead: Counter[int], cost_ahead: float, user_id: int, cost: float) -> Place:
        busy = sum(running.seconds_left() for running in self.running.values())
        full = len(self.running) >= max(1, self.lanes)
        begins = (busy * full + cost_ahead) / max(1, self.lanes)
        people = len(ahead) - (user_id in ahead)
        return Place(ahead.total() + full, people, begins, begins + cost, self._reason(ahead, people), self.doubt)

    def _reason(self, ahead: Counter[int], people: int) -> Reason:
        if not self.lanes:
            return Reason.NO_WORKER
        if people:
            return Reason.OTHERS
        return Reason.OWN if ahead else Reason.NEXT
