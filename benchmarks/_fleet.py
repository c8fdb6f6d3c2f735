"""GPUs that serve a day in simulated time: the product's own line, placement, cost model and limits, no clock.

A GPU draws one job at a time; the real one takes up to eight and shares its steps among them.
"""

import heapq
from collections import deque
from collections.abc import Callable, Collection, Sequence
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
from db.history import History
from db.tables.job import Job, JobStatus
from inference.executor import WorkerInfo, WorkerState
from inference.request import ImageRequest, Sampler
from jobs.cost import CostModel
from jobs.fair_share import FairShare
from jobs.originals import Originals
from jobs.place import Place, Reason
from jobs.placement import Placement, Waits
from jobs.share import Entry

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
    """Which GPUs are free, and what each holds: the checkpoints that it used last, so many of them."""

    def __init__(self, number: int, held: int, first: str) -> None:
        self._infos = {name: _info(name) for name in (f"gpu:{each}" for each in range(number))}
        self._free = dict(self._infos)  #: who has been idle for longest comes first
        self._held = {name: deque([first], maxlen=held) for name in self._infos}

    def __len__(self) -> int:
        return len(self._infos)

    @property
    def free(self) -> Collection[str]:
        """The names of those that are free."""
        return self._free.keys()

    def placement(self, waits: Waits) -> Placement:
        """Return where jobs may go now."""
        return Placement(
            candidates=self._infos.values(),
            free=list(self._free.values()),
            holds={name: {(checkpoint, ()) for checkpoint in self._held[name]} for name in self._free},
            failed={},
            memory={},
            originals=Originals(cast(History, None)),  # nobody reproduces
            waits=waits,
        )

    def take(self, name: str, checkpoint: str) -> bool:
        """Let one draw with a checkpoint, which replaces the one used longest ago; say whether it had to load it."""
        del self._free[name]
        held = self._held[name]
        loads = checkpoint not in held
        if not loads:
            held.remove(checkpoint)
        held.append(checkpoint)
        return loads

    def give_back(self, name: str) -> None:
        """Let one be free."""
        self._free[name] = self._infos[name]


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
        self._gpus = Gpus(gpus, community.held, community.kinds[0].checkpoint)
        self._line = line
        self._levels = levels
        self._slack = slack
        self._limits = limits
        self._allowance = allowance_of((), (), limits)
        self._waits = Waits(lambda: self._now)
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
        # at most: what is open by its pictures never comes near the longest wait, so no more has to be known
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
        while len(self._line) and self._hand_out():
            pass

    def _hand_out(self) -> bool:
        """Begin with the job that is due; say whether a GPU was free for it."""
        placement = self._gpus.placement(self._waits)
        entry = self._claim(placement) if self._gpus.free else None
        if entry is None:
            return False
        job, served = self._open[entry.job], self._served[entry.job]
        gpu = placement.where(job)
        assert gpu is not None, "nobody waits for a certain one"
        self._waiting_cost -= job.cost
        served.begun, served.gpu = self._now, gpu
        served.loaded = self._gpus.take(gpu, str(job.request["checkpoint"]))
        served.ended = self._now + served.seconds + served.loaded * self._community.load_seconds
        self._at(served.ended, partial(self._end, entry))
        return True

    def _claim(self, placement: Placement) -> Entry | None:
        if self._slack is None:
            return self._line.claim()
        return self._line.claim_beside(lambda entry: placement.is_warm(self._open[entry.job]), self._slack)

    def _end(self, entry: Entry) -> None:
        served = self._served[entry.job]
        self._line.refund(entry.path, max(0.0, entry.cost - served.seconds))
        self._gpus.give_back(served.gpu)
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


def _info(name: str) -> WorkerInfo:
    return WorkerInfo(id=name, state=WorkerState.READY, device=name, lanes_free=1, fingerprint={})
