"""What stands between a job and what it makes: today's policy over its words and over its pictures."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from config.words import UserError
from db.tables.job import Job
from inference.protocol import Pixels
from inference.request import ImageRequest
from moderation.pictures import Judgement


class Unwanted(UserError):
    """Today's policy refuses what was let in when the job was asked for."""


class Screening(Protocol):
    """Looks at jobs before they are drawn, and at pictures before anybody sees them.

    What cannot be looked at raises: it is not drawn, and not shown.
    """

    async def check_words(self, job: Job, request: ImageRequest) -> None:
        """Raise Unwanted where the policy refuses the job's words."""

    def may_preview(self, job: Job, request: ImageRequest, seen: Mapping[str, float] | None) -> bool:
        """Say whether a picture may be shown while it is being drawn, by what was seen in it so far."""

    async def look(self, job: Job, request: ImageRequest, pixels: Pixels) -> Judgement:
        """Return who may see a picture of the job, and why."""

    async def keep(self, job: Job, request: ImageRequest, stopped: Sequence[Judgement]) -> UserError:
        """Write down what was stopped; return what the person is told of it."""
