"""How things stand at one moment: what metrics, health and /status are told from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from db.tables.job import Job
from db.tables.outbox import Backlog
from inference.executor import WorkerInfo, WorkerState


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits: jobs, their pictures, what they cost in GPU-seconds, and of how many servers they are.

    `lead` is by how many GPU-seconds one was served more than who is due, of those that wait. What bounds it:
    `largest`, which the costliest job that waits or runs costs, and `slack`, by which one may be taken out of turn.
    """

    jobs: int
    pictures: int
    cost: float
    guilds: int
    lead: float
    largest: float
    slack: float

    @classmethod
    def of(cls, jobs: Sequence[Job], running: Sequence[Job], lead: float, slack: float) -> Self:
        """Return what is to be said of jobs that wait, beside those that run."""
        return cls(
            jobs=len(jobs),
            pictures=sum(job.pictures for job in jobs),
            cost=sum(job.cost for job in jobs),
            guilds=len({job.guild_id for job in jobs}),
            lead=lead,
            largest=max((job.cost for job in (*jobs, *running)), default=0.0),
            slack=slack,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How things stand.

    `running` has the checkpoints of the attempts on each worker, `clerks` how often each clerk failed, `gateway` the
    latency of each shard in seconds, None of one that is not connected. No `outbox`: the database did not answer.
    `pictures` is whether their store did when it was asked last.
    """

    workers: Sequence[WorkerInfo]
    running: Mapping[str, Sequence[str]]
    waiting: Waiting
    clerks: Mapping[str, int]
    gateway: Mapping[int, float | None]
    outbox: Backlog | None
    pictures: bool

    @property
    def ready(self) -> int:
        """How many workers take attempts."""
        return sum(worker.state is WorkerState.READY for worker in self.workers)

    @property
    def broken(self) -> int:
        """How many workers died too often."""
        return sum(worker.state is WorkerState.BROKEN for worker in self.workers)

    @property
    def connected(self) -> int:
        """How many shards are connected."""
        return sum(latency is not None for latency in self.gateway.values())
