"""What happens to jobs, told to the metrics. An audience of the dispatcher."""

from db.base import utc_now
from db.tables.job import Job
from jobs.attempt import Drawn, GivenUp, Lost, NoRoom, Outcome, Refused, Running, Stop, Unkept
from jobs.audience import Silence
from jobs.place import Place
from observing.metrics import Metrics

OUTCOMES: dict[type[Outcome], str] = {
    Drawn: "drawn",
    GivenUp: "given up",
    Refused: "refused",
    Lost: "lost",
    Unkept: "not kept",
    NoRoom: "no room",
}


class Tally(Silence):
    """Counts attempts, and for how long people waited."""

    def __init__(self, metrics: Metrics) -> None:
        metrics.expect((*OUTCOMES.values(), *Stop))
        self._metrics = metrics
        self._new: set[int] = set()  #: jobs that nobody has begun to draw; one over several checkpoints begins often

    def queued(self, job: Job, place: Place) -> None:
        """Remember a job that was never tried."""
        if not job.attempts:
            self._new.add(job.id)

    def started(self, job: Job) -> None:
        """Count how long it waited, if this is its first start."""
        if job.id in self._new:
            self._new.remove(job.id)
            self._metrics.started((utc_now() - job.created_at).total_seconds())

    def settled(self, attempt: Running, outcome: Outcome) -> None:
        """Count an attempt by its outcome, or by why it was stopped."""
        what, guild_id = OUTCOMES[type(outcome)], attempt.job.guild_id
        if isinstance(outcome, Drawn) and attempt.stop is not Stop.CANCELLED:
            self._metrics.attempted(what, guild_id, outcome.done.seconds, len(outcome.finished.records))
        else:
            self._metrics.attempted(what if attempt.stop is None else attempt.stop.value, guild_id, attempt.spent, 0)

    def ended(self, job: Job) -> None:
        """Forget it."""
        self._new.discard(job.id)
