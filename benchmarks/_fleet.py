"""GPUs that serve a day in simulated time: the product's own line, workers' rule, cost model and limits, no clock.

A GPU draws one job at a time; the real one takes up to eight and shares its steps among them.
"""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import count
from math import inf
from typing import Any, cast

import numpy as np

from benchmarks._community import HOUR, Community, Kind, Session, Wish
from bot.allowance import allowance_of
from bot.room import check_room
from config.settings import Limits
from config.words import UserError
from db.tables.job import Job, JobStatus
from inference.executor import Executor, WorkerInfo, WorkerState
from inference.request import ImageRequest, Sampler
from jobs.cost import CostModel
from jobs.fair_share import FairShare
from jobs.place import Place, Reason
from jobs.share import Entry
from jobs.workers import Workers

CALIBRATED = 16  # requests of each kind and number of pictures that the costs are learnt from
FORGET_EVERY = 60.0  # seconds
STUBBORN_AFTER = 30.0  # seconds until a stubborn person comes again
EMPTY: dict[str, Any] = {  # what a job's row has besides, and nothing here looks at
    "action": "imagine",
    "channel_id": 1,
    "status": JobStatus.PENDING,
    "fence": 0,
    "attempts": 0,
    "created_at": datetime.min,
} | dict.fromkeys(
    ("worker", "lease_until", "seconds", "started_at", "finished_at", "verdict", "error_key", "error_values")
)


@dataclass(slots=True)
class Served:
    """A job from its asking to its end; moments are seconds of the day, `seconds` what it took of the GPU."""

    user: int
    guild: int
    light: bool
    pictures: int
    asked: float
    seconds: float
    begun: float = inf
    ended: float = inf
    gpu: str = ""
    loaded: bool = False


@dataclass
class Outcome:
    """What came of a day: the jobs that were let in, and when which limit refused one."""

    served: list[Served]
    refused: list[tuple[float, str]]


class Gpus:
    """Which GPUs are free: all that the workers' rule asks of an executor."""

    def __init__(self, number: int) -> None:
        self._free = {f"gpu:{each}": True for each in range(number)}
        self._known = {(name, free): _info(name, free=free) for name in self._free for free in (True, False)}

    def __len__(self) -> int:
        return len(self._free)

    def workers(self) -> Sequence[WorkerInfo]:
        """Return the GPUs as they are now."""
        return [self._known[each] for each in self._free.items()]

    def take(self, name: str, *, free: bool) -> None:
        """Let one be busy, or free."""
        self._free[name] = free


@dataclass
class Visit:
    """A session under way."""

    session: Session
    wishes: deque[Wish]


class Fleet:
    """A line, GPUs, and the people who come; `run` lets a day pass.

    With a slack, in GPU-seconds, jobs are taken as the queue takes them; without one the line's `claim` decides alone.
    """

    def __init__(
        self,
        community: Community,
        *,
        gpus: int,
        line: FairShare,
        levels: Sequence[str],
        slack: float | None,
        limits: Limits,
    ) -> None:
        self._community = community
        self._gpus = Gpus(gpus)
        self._line = line
        self._levels = levels
        self._slack = slack
        self._limits = limits
        self._allowance = allowance_of((), (), limits)
        self._workers = Workers(cast(Executor, self._gpus), {})
        first = community.kinds[0].checkpoint
        self._held = {gpu.id: deque([first], maxlen=community.held) for gpu in self._gpus.workers()}
        self._costs = expected_costs(community)
        self._coming: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count(1)
        self._open: dict[int, Job] = {}
        self._served: dict[int, Served] = {}
        self._then: dict[int, Callable[[], None]] = {}  #: what their people do once jobs are over
        self._refused: list[tuple[float, str]] = []
        self._now = self._forgot = 0.0
        self._waiting_cost = 0.0

    def run(self, sessions: Sequence[Session]) -> Outcome:
        """Let everybody come and be served; return what came of it."""
        for session in sessions:
            self._at(session.start, partial(self._come, session))
        while self._coming:
            self._now, _, happen = heapq.heappop(self._coming)
            happen()
        return Outcome(list(self._served.values()), self._refused)

    def _at(self, moment: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._coming, (moment, next(self._numbers), happen))

    # The people

    def _come(self, session: Session) -> None:
        visit = Visit(session, deque(session.wishes))
        for _ in range(session.at_once):
            self._ask(visit)

    def _ask(self, visit: Visit) -> None:
        """Ask for the next picture; who is refused goes away, or comes again with the same wish."""
        if not visit.wishes or self._now >= self._community.hours * HOUR:
            return
        job = self._job(visit.session, visit.wishes[0])
        try:
            self._admit(job)
        except UserError as refusal:
            self._refused.append((self._now, refusal.key))
            self._go_away(visit)
            return
        self._enter(job, visit, visit.wishes.popleft())

    def _go_away(self, visit: Visit) -> None:
        if visit.session.stubborn:
            again = replace(visit.session, wishes=tuple(visit.wishes))
            self._at(self._now + STUBBORN_AFTER, partial(self._come, again))
        visit.wishes.clear()

    def _admit(self, job: Job) -> None:
        # at most: with so many pictures open nobody comes near the longest wait, so the place need not be known better
        begins = self._waiting_cost / len(self._gpus)
        place = Place(len(self._line), 0, begins, begins + job.cost, Reason.OTHERS)
        check_room(job, place, list(self._open.values()), self._limits, self._allowance, dict)

    def _job(self, session: Session, wish: Wish) -> Job:
        return Job(
            **EMPTY,
            id=(number := next(self._numbers)),
            interaction_id=number,
            request={"checkpoint": self._community.kinds[wish.kind].checkpoint},
            user_id=session.user,
            guild_id=session.guild,
            pictures=wish.pictures,
            cost=self._costs[wish.kind, wish.pictures],
        )

    def _enter(self, job: Job, visit: Visit, wish: Wish) -> None:
        seconds = self._community.seconds(wish.kind, wish.pictures) * wish.luck
        session = visit.session
        self._open[job.id] = job
        self._served[job.id] = Served(session.user, session.guild, session.light, wish.pictures, self._now, seconds)
        self._line.submit(job.id, tuple(getattr(session, level) for level in self._levels), job.cost)
        self._waiting_cost += job.cost
        self._then[job.id] = partial(self._look_at_it, visit, wish.thinking)
        self._serve()

    def _look_at_it(self, visit: Visit, thinking: float) -> None:
        if not visit.session.stubborn:
            self._at(self._now + thinking, partial(self._ask, visit))

    # The GPUs

    def _serve(self) -> None:
        """Hand out work as the dispatcher does."""
        if self._now - self._forgot > FORGET_EVERY:
            self._line.forget()
            self._forgot = self._now
        handed = [True]
        while len(self._line) and any(handed):
            handed = [self._hand_out(gpu.id) for gpu in self._workers.idlest_first()]

    def _hand_out(self, gpu: str) -> bool:
        entry = self._claim(gpu) if len(self._line) else None
        if entry is None:
            return False
        job, served = self._open[entry.job], self._served[entry.job]
        self._waiting_cost -= job.cost
        served.begun, served.gpu, served.loaded = self._now, gpu, self._load(gpu, str(job.request["checkpoint"]))
        served.ended = self._now + served.seconds + served.loaded * self._community.load_seconds
        self._workers.takes(gpu, job)
        self._gpus.take(gpu, free=False)
        self._at(served.ended, partial(self._end, entry))
        return True

    def _load(self, gpu: str, checkpoint: str) -> bool:
        """Let the GPU hold a checkpoint, instead of the one that it used longest ago; say whether it had to load it."""
        held = self._held[gpu]
        loads = checkpoint not in held
        if not loads:
            held.remove(checkpoint)
        held.append(checkpoint)
        return loads

    def _claim(self, gpu: str) -> Entry | None:
        if self._slack is None:
            return self._line.claim()

        def warm(entry: Entry) -> bool:
            return self._workers.is_warm(gpu, self._open[entry.job])

        return self._line.claim_beside(warm, self._slack) or self._line.claim_beside(lambda _: True, inf)

    def _end(self, entry: Entry) -> None:
        served = self._served[entry.job]
        self._line.refund(entry.path, max(0.0, entry.cost - served.seconds))
        self._gpus.take(served.gpu, free=True)
        del self._open[entry.job]
        self._then.pop(entry.job)()
        self._serve()


def expected_costs(community: Community) -> dict[tuple[int, int], float]:
    """Return what each kind of request, by its number, and so many pictures should take: learnt from some of each."""
    model, luck = CostModel(), np.random.default_rng(community.seed)
    asked = [
        (number, pictures, _request(kind, pictures))
        for number, kind in enumerate(community.kinds)
        for pictures, _ in community.pictures
    ]
    for _ in range(CALIBRATED):
        for number, pictures, request in asked:
            model.observe(request, community.seconds(number, pictures) * luck.lognormal(0, community.error))
    return {(number, pictures): model.estimate(request) for number, pictures, request in asked}


def _request(kind: Kind, pictures: int) -> ImageRequest:
    return ImageRequest(
        checkpoint=kind.checkpoint,
        prompt="a red circle",
        seed=0,
        width=kind.side,
        height=kind.side,
        num_inference_steps=kind.steps,
        guidance_scale=kind.guidance,
        sampler=Sampler.EULER,
        count=pictures,
    )


def _info(name: str, *, free: bool) -> WorkerInfo:
    return WorkerInfo(id=name, state=WorkerState.READY, device=name, lanes_free=int(free), fingerprint={})
