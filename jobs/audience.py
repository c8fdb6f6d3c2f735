"""Who wants to know how jobs fare."""

from typing import TYPE_CHECKING, Protocol

from db.tables.job import Job

if TYPE_CHECKING:  # a place knows of attempts, and these of their audience
    from jobs.attempt import Outcome, Running
    from jobs.place import Place


class Audience(Protocol):
    """Hears of every job. Called on the event loop; must not block."""

    def queued(self, job: Job, place: "Place") -> None:
        """The job is in the line, at that place: new, put back, or found there at the start."""

    def started(self, job: Job) -> None:
        """A worker has begun to draw it."""

    def progress(self, job: Job, step: int, of: int) -> None:
        """`step` of `of` steps are done."""

    def preview(self, job: Job, jpeg: bytes | None) -> None:
        """The pictures so far."""

    def settled(self, attempt: "Running", outcome: "Outcome") -> None:
        """An attempt is over, and what the job came to is kept."""

    def ended(self, job: Job) -> None:
        """The job is over, and what is to be said of it lies in the outbox."""


class Silence:
    """An audience that is not there yet."""

    def queued(self, job: Job, place: "Place") -> None:
        """Ignore it."""

    def started(self, job: Job) -> None:
        """Ignore it."""

    def progress(self, job: Job, step: int, of: int) -> None:
        """Ignore it."""

    def preview(self, job: Job, jpeg: bytes | None) -> None:
        """Ignore it."""

    def settled(self, attempt: "Running", outcome: "Outcome") -> None:
        """Ignore it."""

    def ended(self, job: Job) -> None:
        """Ignore it."""


class Audiences:
    """Several audiences, told one after another."""

    def __init__(self, *audiences: Audience) -> None:
        self._audiences = audiences

    def queued(self, job: Job, place: "Place") -> None:
        """Tell all."""
        for each in self._audiences:
            each.queued(job, place)

    def started(self, job: Job) -> None:
        """Tell all."""
        for each in self._audiences:
            each.started(job)

    def progress(self, job: Job, step: int, of: int) -> None:
        """Tell all."""
        for each in self._audiences:
            each.progress(job, step, of)

    def preview(self, job: Job, jpeg: bytes | None) -> None:
        """Tell all."""
        for each in self._audiences:
            each.preview(job, jpeg)

    def settled(self, attempt: "Running", outcome: "Outcome") -> None:
        """Tell all."""
        for each in self._audiences:
            each.settled(attempt, outcome)

    def ended(self, job: Job) -> None:
        """Tell all."""
        for each in self._audiences:
            each.ended(job)
