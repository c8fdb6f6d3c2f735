"""One attempt's life: claimed, drawn by a worker, finished; and what comes of it."""

import asyncio
import logging
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum, unique
from pathlib import Path
from tempfile import TemporaryDirectory

from config.settings import Times
from config.words import UserError
from db.images import PictureDamaged, PicturesAway, PictureStore
from db.tables.job import Job
from inference.executor import Executor
from inference.protocol import Attempt, Done, Event, Failed, FailureKind, Preview, Progress, Started
from inference.request import ImageRequest
from jobs.audience import Audience
from jobs.clerk import ClerkFailed
from jobs.finish import Finished, Finisher
from jobs.parts import Part, joined, parts_of
from jobs.screening import Screening, Unwanted

LOOKS = 100  # at who is drawn beside an attempt, until its time is over
HOPELESS = {  # trying again will not help
    FailureKind.INVALID: "jobs.invalid_for_model",
    FailureKind.UNUSABLE: "jobs.model_unusable",
}

log = logging.getLogger(__name__)


@unique
class Stop(StrEnum):
    """Why an attempt was asked to end."""

    CANCELLED = "cancelled"  #: somebody wants the job no more
    LATE = "late"  #: it takes longer than is allowed
    DRAINED = "drained"  #: the bot ends


@dataclass(slots=True)
class Running:
    """An attempt on a worker."""

    job: Job
    worker: str
    started: bool = False  #: its work began: not before its checkpoint was loaded
    progress: float = 0.0  #: the share of its steps that are done
    begun: bool = False  #: the worker has it, and its lane is no longer free
    settling: bool = False  #: it is too late to cancel
    stop: Stop | None = None
    part: Part | None = None  #: what is drawn of it now, in a job over several checkpoints
    before: float = 0.0  #: the share of its pictures that earlier parts have drawn
    share: float = 1.0  #: that of those which the part draws

    def begin(self, part: Part, pictures: int) -> None:
        """Go on to another part, of so many pictures in all; the worker has still to take it."""
        self.before += 0.0 if self.part is None else self.share
        self.part, self.share, self.begun = part, len(part.places) / pictures, False

    @property
    def drawn_as(self) -> str:
        """The id of the attempt that the worker knows."""
        return self.id if self.part is None else self.part.attempt_id(self.id)

    @property
    def id(self) -> str:
        """The attempt's id: the job and its fence."""
        return f"{self.job.id}:{self.job.fence}"

    @property
    def spent(self) -> float:
        """The seconds of the device that it has had, by its steps."""
        return self.job.cost * self.progress

    def seconds_left(self) -> float:
        """Return how many more it should take, besides loading its checkpoint."""
        return self.job.cost - self.spent


@dataclass(frozen=True, slots=True)
class Drawn:
    """The attempt came to an end, with or without pictures that may be shown."""

    request: ImageRequest
    done: Done
    finished: Finished


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The job cannot be done, for a reason that the person should know."""

    error: UserError


@dataclass(frozen=True, slots=True)
class Refused:
    """Today's policy refuses the job, for a reason that the person should know."""

    error: UserError


@dataclass(frozen=True, slots=True)
class Lost:
    """Nothing came of it, and nobody knows that the next attempt will fare no better."""


@dataclass(frozen=True, slots=True)
class Unkept:
    """The pictures' store was away: neither the job nor the worker is to blame."""


@dataclass(frozen=True, slots=True)
class NoRoom:
    """The worker's device has too little memory for it, however thriftily it is drawn; another's may have enough."""


Outcome = Drawn | GivenUp | Refused | Lost | Unkept | NoRoom


class Attempts:
    """Carries attempts out. Their raw pixels lie under `spool` meanwhile."""

    def __init__(
        self,
        *,
        store: PictureStore,
        executor: Executor,
        screening: Screening,
        finisher: Finisher,
        times: Times,
        spool: Path,
    ) -> None:
        self._store = store
        self._screening = screening
        self._executor = executor
        self._finisher = finisher
        self._times = times
        self._spool = spool
        self._begun: Counter[str] = Counter()  #: how many attempts each worker is drawing

    async def clear(self) -> None:
        """Remove what attempts left behind in a process that was killed."""
        await asyncio.to_thread(_empty, self._spool)

    async def carry_out(self, running: Running, audience: Audience) -> Outcome:
        """Have a worker draw the job's pictures and finish them; return what came of it."""
        request = ImageRequest.from_dict(running.job.request)
        try:
            await self._screening.check_words(running.job, request)
            async with spool_folder(self._spool) as spool:
                last = await self._draw(running, request, spool, audience)
                if isinstance(last, Done):
                    return Drawn(request, last, await self._finisher.finish(running.job, request, last))
        except ClerkFailed as error:
            log.warning("job %s: attempt %s was not checked or not finished: %r", running.job.id, running.id, error)
            return Lost()
        except PicturesAway:
            log.warning("job %s: attempt %s had no pictures' store; it waits again", running.job.id, running.id)
            return Unkept()
        except Unwanted as error:
            return Refused(error)
        except UserError as error:
            return GivenUp(error)
        return outcome_of(last, running.stop) if isinstance(last, Failed) else Lost()

    async def _draw(self, running: Running, request: ImageRequest, spool: str, audience: Audience) -> Event | None:
        """Have the parts of a request drawn, one after the other; return the end of all, or of the one that failed."""
        parts, drawn = parts_of(request), list[tuple[Part, Done]]()
        for part in parts:
            folder = Path(spool) / str(part.places[0])
            await asyncio.to_thread(folder.mkdir)
            running.begin(part, request.count)
            attempt = await self._attempt(running.drawn_as, part.request, folder)
            last = await self._watch(running, attempt, audience)
            if not isinstance(last, Done):
                return last
            drawn.append((part, last))
        return joined(drawn)

    async def stop(self, running: Running, why: Stop) -> None:
        """Ask for an attempt's end."""
        if running.stop is None or why is Stop.CANCELLED:
            running.stop = why
        await self._executor.cancel(running.drawn_as)

    async def _watch(self, running: Running, attempt: Attempt, audience: Audience) -> Event | None:
        """Pass on what the attempt tells, and return its end; one that takes too long is stopped.

        Its time begins with the first work on it: loading a checkpoint has a limit of its own.
        """
        if running.stop is not None:  # before the executor knew of it
            return None
        events = self._executor.run(running.worker, attempt)
        running.begun = True
        last: Event | None = None
        deadline: asyncio.Task[None] | None = None
        try:
            async for event in events:
                if isinstance(event, Started):
                    running.started = True
                    self._begun[running.worker] += 1
                    deadline = asyncio.create_task(self._stop_late(running))
                if isinstance(event, Progress):
                    running.progress = running.before + running.share * event.step / event.of
                self._tell(audience, running, attempt.request, event)
                last = event
        finally:
            if deadline is not None:
                deadline.cancel()
                self._begun[running.worker] -= 1
        return last

    def _tell(self, audience: Audience, running: Running, request: ImageRequest, event: Event) -> None:
        job = running.job
        match event:
            case Started():
                audience.started(job)
            case Progress(of=of):
                steps = round(of / running.share)
                audience.progress(job, round(running.progress * steps), steps)
            case Preview(jpeg=jpeg, seen=seen):
                may = self._screening.may_preview(job, request, seen)
                audience.preview(job, jpeg if may else None)
            case Done() | Failed():
                pass

    async def _stop_late(self, running: Running) -> None:
        """Stop it once it had its time on the device, of which it has a part only while others are drawn beside it."""
        had, pause = 0.0, self._times.attempt / LOOKS
        while had < self._times.attempt:
            await asyncio.sleep(pause)
            had += pause / self._begun[running.worker]
        await self.stop(running, Stop.LATE)

    async def _attempt(self, attempt_id: str, request: ImageRequest, spool: Path) -> Attempt:
        """Return what a worker needs to know. Raises UserError where a picture that it starts from is gone."""
        try:
            paths = {sha256: str(await self._store.fetch(sha256, spool)) for sha256 in request.files}
        except (FileNotFoundError, PictureDamaged) as error:
            raise UserError("jobs.source_gone") from error
        return attempt_of(attempt_id, request, paths, str(spool))


def attempt_of(attempt_id: str, request: ImageRequest, paths: Mapping[str, str], spool: str) -> Attempt:
    """Return what a worker needs to know; `paths` leads from the SHA-256 of each file of the request to where it is."""
    return Attempt(
        id=attempt_id,
        request=request,
        source_path=None if request.source is None else paths[request.source],
        mask_path=None if request.mask is None else paths[request.mask],
        blended_paths=tuple(paths[each.source] for each in request.blended),
        spool=spool,
    )


def outcome_of(failed: Failed, stop: Stop | None) -> Outcome:
    """Return what a failed attempt comes to, if somebody asked for its end."""
    log.warning("attempt %s: %s %s", failed.attempt_id, failed.kind, failed.detail)
    if failed.kind in HOPELESS:
        return GivenUp(UserError(HOPELESS[failed.kind]))
    if failed.kind is FailureKind.OUT_OF_MEMORY:
        return NoRoom()
    if stop is Stop.LATE:  # whether it heeded that, or its worker had to be killed
        return GivenUp(UserError("jobs.too_slow"))
    return Lost()


@asynccontextmanager
async def spool_folder(parent: Path) -> AsyncIterator[str]:
    """Give a folder for an attempt's pixels; it goes with all that is in it."""
    folder = await asyncio.to_thread(TemporaryDirectory, dir=parent)
    try:
        yield folder.name
    finally:
        await asyncio.to_thread(folder.cleanup)


def _empty(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
