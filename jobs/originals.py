"""What drew the pictures that are to be drawn again, and who is like it."""

from collections.abc import Iterable, Mapping

from db.history import History
from db.tables.job import Job, NewJob
from inference.executor import WorkerInfo

UNLIKE = "jobs.note_unlike"
OF_ATTEMPT = {"adapters", "decoding", "kernels", "rows"}  # what only a drawing tells
OF_CHECKPOINT = {"dtype", "noise level", "spandrel", "weights"}  # what only a worker that has loaded it tells


class Originals:
    """The fingerprints of the originals of all reproductions that are not over."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._known: dict[int, Mapping[str, str]] = {}

    async def look_up(self, job: NewJob) -> Mapping[str, str]:
        """Return the fingerprint of what drew the job's original; empty where it has none, or none is left."""
        record = None if job.reproduces is None else await self._history.get(job.reproduces)
        return {} if record is None else record.fingerprint

    async def learn(self, jobs: Iterable[Job]) -> None:
        """Look up the originals of those of the jobs that are reproductions and not known yet."""
        for job in jobs:
            if job.reproduces is not None and job.id not in self._known:
                self._known[job.id] = await self.look_up(job)

    def remember(self, job: Job, original: Mapping[str, str]) -> None:
        """Remember what was looked up already."""
        if job.reproduces is not None:
            self._known[job.id] = original

    def of(self, job: Job) -> Mapping[str, str]:
        """Return the fingerprint of what drew the job's original, as far as it was learnt."""
        return self._known.get(job.id, {})

    def forget(self, job: Job) -> None:
        """Remember nothing of a job that is over."""
        self._known.pop(job.id, None)


def differences(original: Mapping[str, str], checkpoint: str, worker: WorkerInfo) -> tuple[str, ...]:
    """Return the names of all in which a worker is known to differ from what drew a picture with a checkpoint.

    Of a worker that has not loaded it yet, what is its machine's own is compared; of one that has told nothing,
    nothing is known.
    """
    told, untold = worker.fingerprints.get(checkpoint), OF_ATTEMPT
    if told is None:
        told, untold = worker.fingerprint, OF_ATTEMPT | OF_CHECKPOINT
    if not told or not original:
        return ()
    names = (original.keys() | told.keys()) - untold
    return tuple(sorted(name for name in names if original.get(name) != told.get(name)))
