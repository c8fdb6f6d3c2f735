"""What strikes lead to, as data: which step at how many of them, and when they no longer count."""

from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Step(StrEnum):
    """What a strike leads to, from mild to hard."""

    WARN = "warn"
    TIME_OUT = "time-out"
    BAN = "ban"


class Rung(BaseModel):
    """From so many strikes on, this step; `hours` is how long a time-out lasts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    strikes: int = Field(ge=1)
    step: Step
    hours: float | None = Field(default=None, gt=0, le=24 * 365)

    @model_validator(mode="after")
    def _a_time_out_ends(self) -> Self:
        if (self.hours is None) == (self.step is Step.TIME_OUT):
            raise ValueError("a time-out has hours, and nothing else has")
        return self

    @property
    def lasts(self) -> timedelta | None:
        """How long the step holds; None: until somebody lifts it."""
        return None if self.hours is None else timedelta(hours=self.hours)


class Strikes(BaseModel):
    """A strike counts for `decay_days`; the ladder says what the number of those that count leads to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    decay_days: float = Field(gt=0)
    ladder: tuple[Rung, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rises(self) -> Self:
        steps = list(Step)
        for low, high in pairwise(self.ladder):
            if not (low.strikes < high.strikes and steps.index(low.step) <= steps.index(high.step)):
                raise ValueError(f"the rung at {high.strikes} strikes must ask for more strikes and be no milder")
        return self

    def rung(self, strikes: int) -> Rung | None:
        """Return the highest rung that so many strikes reach."""
        return next((rung for rung in reversed(self.ladder) if rung.strikes <= strikes), None)
