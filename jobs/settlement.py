"""What becomes of a job after an attempt: kept in the database, with what it changes for the others' turns."""

from collections.abc import Awaitable, Callable
from enum import Enum, auto, unique

from config.words import UserError
from db.base import Json
from db.jobs import Jobs
from db.tables.job import Job, JobStatus
from jobs.attempt import Drawn, GivenUp, Lost, NoRoom, Outcome, Refused, Running, Stop, Unkept
from jobs.notes import Note
from jobs.originals import UNLIKE
from jobs.queue import Queue, Standings
from jobs.reproduction import Verdict

ATTEMPTS = 3
REST_LENGTH = 80


@unique
class Fate(Enum):
    """Where a job stands after an attempt."""

    SERVED = auto()  #: it has its pictures
    CLOSED = auto()  #: it is over, and nothing came of it
    WAITING = auto()  #: its turn comes again
    ELSEWHERE = auto()  #: left to the next start, or no longer the attempt's to decide


class Settlement:
    """Writes the end of an attempt down. Whoever calls it holds the queue's turn."""

    def __init__(self, jobs: Jobs, queue: Queue) -> None:
        self._jobs = jobs
        self._queue = queue

    async def settle(self, running: Running, outcome: Outcome, *, elsewhere: bool, draining: bool) -> Fate:
        """Write the outcome down, unless the job was cancelled meanwhile; return what the job has come to.

        `elsewhere` says whether there is a worker that has not tried it yet.
        """
        running.settling = True
        job = running.job
        if running.stop is Stop.CANCELLED:
            return await self._cancel(running)
        match outcome:
            case Drawn() if outcome.finished.records:
                return await self._keep(job, outcome)
            case Drawn(done=done, finished=finished):
                refused = finished.refusal or UserError("jobs.picture_refused")
                return await self._give_up(job, JobStatus.REFUSED, refused, spent=done.seconds)
            case Refused(error=error):
                return await self._give_up(job, JobStatus.REFUSED, error)
            case GivenUp(error=error):
                return await self._give_up(job, JobStatus.FAILED, error, spent=running.spent)
            case NoRoom() if not elsewhere or job.attempts >= ATTEMPTS:
                return await self._give_up(job, JobStatus.FAILED, UserError("jobs.out_of_memory"))
            case Lost() | NoRoom() | Unkept() if draining:
                await self._queue.close(job, job.cost, self._release(job, tried=False))
                return Fate.ELSEWHERE
            case Lost() if job.attempts >= ATTEMPTS:
                return await self._give_up(job, JobStatus.FAILED, UserError("jobs.failed_inside"))
            case Lost() | NoRoom() | Unkept():
                tried = not isinstance(outcome, Unkept)
                put_back = await self._queue.put_back([job], self._release(job, tried=tried))
                return Fate.WAITING if put_back else Fate.ELSEWHERE

    async def _keep(self, job: Job, drawn: Drawn) -> Fate:
        finished, seconds = drawn.finished, drawn.done.seconds

        async def complete(standings: Standings) -> bool:
            return await self._jobs.complete(
                job.id,
                job.fence,
                finished.records,
                seconds,
                notes=[*notes_left(job, finished.verdict), *(note.to_dict() for note in notes_on(drawn))],
                verdict=None if finished.verdict is None else finished.verdict.to_dict(),
                standings=standings,
            )

        kept = await self._queue.close(job, max(0.0, job.cost - seconds), complete)
        return Fate.SERVED if kept else Fate.ELSEWHERE

    async def _give_up(self, job: Job, status: JobStatus, error: UserError, *, spent: float = 0.0) -> Fate:
        """End it without pictures. What the device did for it stays charged, but for what was our own fault."""

        async def fail(standings: Standings) -> bool:
            error_key, values = error.key, error.values
            return await self._jobs.fail(job.id, job.fence, status, error_key, values, standings, seconds=spent)

        return _closed(await self._queue.close(job, max(0.0, job.cost - spent), fail))

    async def _cancel(self, running: Running) -> Fate:
        """End it because nobody wants it; who cancels at the last step has had nearly all of it."""
        job, spent = running.job, running.spent

        async def cancel(standings: Standings) -> bool:
            return await self._jobs.cancel_leased(job.id, job.fence, standings, seconds=spent)

        return _closed(await self._queue.close(job, job.cost - spent, cancel))

    def _release(self, job: Job, *, tried: bool) -> Callable[[Standings], Awaitable[bool]]:
        return lambda standings: self._jobs.release(job.id, job.fence, standings, tried=tried)


def notes_left(job: Job, verdict: Verdict | None) -> list[Json]:
    """Return the job's notes that still hold: a worker like that of the original may have come meanwhile."""
    found = verdict is not None and not verdict.changed
    return [note for note in job.notes if not (found and note["key"] == UNLIKE)]


def notes_on(drawn: Drawn) -> list[Note]:
    """Return what the person should know of what was drawn."""
    notes = []
    if drawn.done.truncated:
        notes.append(Note("jobs.note_truncated", {"rest": drawn.done.truncated[:REST_LENGTH]}))
    if withheld := drawn.request.count - len(drawn.finished.records):
        notes.append(Note("jobs.note_withheld", {"count": withheld}))
    return notes


def _closed(ours: bool) -> Fate:
    return Fate.CLOSED if ours else Fate.ELSEWHERE
