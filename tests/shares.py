"""Whether turns went round fairly, found out afterwards from the rows of the jobs."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, pairwise

from db.tables.job import Job, JobStatus

SETTLING = timedelta(seconds=0.5)  # from a job's row to its place in the line

Owner = Callable[[Job], Hashable]


@dataclass(frozen=True)
class Span:
    """A stretch of time."""

    start: datetime
    end: datetime

    def meet(self, other: "Span") -> "Span | None":
        """Return what both have in common."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start, end) if start < end else None


@dataclass(frozen=True)
class Gap:
    """What two owners who both waited all the while were served, and by how much that may differ."""

    owners: tuple[Hashable, Hashable]
    span: Span
    served: tuple[float, float]
    bound: float

    @property
    def used(self) -> float:
        """The part of the bound that was used; above 1 somebody had more than their share."""
        return abs(self.served[0] - self.served[1]) / self.bound

    @property
    def turns(self) -> float:
        """How many of the largest jobs were served meanwhile: with few, nothing could have gone wrong."""
        return sum(self.served) / self.bound


def gaps(jobs: Sequence[Job], lives: Iterable[Span], owner: Owner) -> Iterator[Gap]:
    """Yield the gap of every two owners for every time in which neither ever ran out of waiting jobs.

    Only within a life: the line remembers nothing of an earlier one. Only jobs that were claimed once are known to
    have waited from their arrival to their claim. When a charge was given back no row tells, so that the bound is
    wider by all that may have been: what was claimed more than once, or claimed and not drawn, and of what was drawn
    as much as it took less than was expected.
    """
    for life in lives:
        mine = [job for job in jobs if job.started_at is not None and life.start < job.started_at <= life.end]
        waits = {
            each: waiting_times([job for job in mine if owner(job) == each], life) for each in set(map(owner, mine))
        }
        for one, other in combinations(sorted(waits, key=str), 2):
            for span in _common(waits[one], waits[other]):
                yield _gap(jobs, span, (one, other), owner)


def waiting_times(jobs: Sequence[Job], life: Span) -> list[Span]:
    """Return the times in which at least one of the jobs was in the line, as far as the rows can prove it."""
    spans = [
        Span(max(job.created_at, life.start) + SETTLING, job.started_at)
        for job in jobs
        if job.fence == 1 and job.started_at is not None
    ]
    joined: list[Span] = []
    for span in sorted((each for each in spans if each.start < each.end), key=lambda each: each.start):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def lives_between(moments: Sequence[datetime]) -> list[Span]:
    """Return the lives of a bot that began at the first of these moments, and died at each other one."""
    return [Span(*both) for both in pairwise(sorted(moments))]


def _common(some: Iterable[Span], others: Sequence[Span]) -> Iterator[Span]:
    for one in some:
        for other in others:
            if (both := one.meet(other)) is not None:
                yield both


def _gap(jobs: Sequence[Job], span: Span, owners: tuple[Hashable, Hashable], owner: Owner) -> Gap:
    served, bound = [], 0.0
    for each in owners:
        of_owner = [job for job in jobs if owner(job) == each and _is_open_in(job, span)]
        served.append(sum(_kept_charge(job) for job in of_owner if _was_served(job, span)))
        bound += max(job.cost for job in of_owner) + sum(map(_refundable, of_owner))
    return Gap(owners, span, (served[0], served[1]), bound)


def _is_open_in(job: Job, span: Span) -> bool:
    return job.created_at <= span.end and (job.finished_at or span.end) >= span.start


def _kept_charge(job: Job) -> float:
    """Return what a job that was drawn was charged in the end."""
    return job.cost if job.seconds is None else min(job.cost, job.seconds)


def _refundable(job: Job) -> float:
    """Return the most that can have been given back of a job's charge."""
    if job.fence == 0:
        return 0.0
    return job.cost - _kept_charge(job) if job.fence == 1 and job.status is JobStatus.DONE else job.cost


def _was_served(job: Job, span: Span) -> bool:
    started = job.started_at
    return job.status is JobStatus.DONE and started is not None and span.start <= started <= span.end
