"""One request on its way: the row that is the truth about it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique

from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Json, Snowflake, choice, utc_now


@unique
class JobStatus(StrEnum):
    """Where a job stands. Only `pending` and `leased` are left again."""

    PENDING = "pending"  #: waits for its turn
    LEASED = "leased"  #: one worker has it, until `lease_until`
    DONE = "done"  #: its pictures are recorded
    FAILED = "failed"  #: given up; `error_key` says why
    REFUSED = "refused"  #: a check refused what was asked or what came of it
    CANCELLED = "cancelled"  #: its requester, or a moderator, wanted it no more


OPEN = (JobStatus.PENDING, JobStatus.LEASED)


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """What is known of a job when somebody asks for it.

    `pictures` is how many it asks for, `cost` in GPU-seconds, `weight` its owner's share beside others', `expected`
    in how many seconds it was expected to be done; `message_id` is the reply that says it waits; `notes` are for the
    result to mention: keys of the catalogue and their values. `further_parents` are the other records that are blended
    with the parent, as far as they are still there in the end. `sheet` has the labels of the "columns" and "rows" of a
    job whose pictures are shown as one.
    """

    interaction_id: int
    action: str
    request: Json
    user_id: int
    channel_id: int
    pictures: int
    cost: float
    weight: float = 1.0
    expected: float | None = None
    guild_id: int | None = None
    application_id: int | None = None
    token: str | None = field(default=None, repr=False)  # whoever holds it can answer in the bot's name
    locale: str = "en"
    private: bool = False
    age_restricted: bool = False
    publishes_prompt: bool = True
    parent_id: str | None = None
    further_parents: list[str] = field(default_factory=list)
    sheet: Json | None = None
    reproduces: str | None = None
    message_id: int | None = None
    notes: list[Json] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Job(NewJob):
    """A job as it stood when it was read. `seconds` is what it took in the end, `verdict` a reproduction's."""

    id: int
    status: JobStatus
    worker: str | None
    fence: int
    attempts: int
    lease_until: datetime | None
    seconds: float | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    verdict: Json | None
    error_key: str | None
    error_values: Json | None

    @property
    def lasted(self) -> float:
        """The seconds from the asking to the end, so far."""
        return ((self.finished_at or utc_now()) - self.created_at).total_seconds()


@dataclass(frozen=True, kw_only=True)
class Timing:
    """What a finished job took: its request, the seconds of the device, and the engine's fingerprint there."""

    request: Json
    seconds: float
    fingerprint: Json


class JobRow(Base):
    """The row. `fence` grows with every claim: who holds an older one has lost the job."""

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "status", "id"), Index(None, "user_id", "status"))

    id: Mapped[int] = mapped_column(primary_key=True)
    interaction_id: Mapped[int] = mapped_column(Snowflake, unique=True)
    action: Mapped[str] = mapped_column(Text)
    request: Mapped[Json]
    user_id: Mapped[int] = mapped_column(Snowflake)
    guild_id: Mapped[int | None] = mapped_column(Snowflake)
    channel_id: Mapped[int] = mapped_column(Snowflake)
    application_id: Mapped[int | None] = mapped_column(Snowflake)
    token: Mapped[str | None] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text)
    private: Mapped[bool]
    age_restricted: Mapped[bool]
    publishes_prompt: Mapped[bool]
    pictures: Mapped[int]
    # jobs and records point at each other, so these are added once both tables exist
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("records.id", use_alter=True))
    reproduces: Mapped[str | None] = mapped_column(ForeignKey("records.id", use_alter=True))
    further_parents: Mapped[list[str]] = mapped_column(JSON)
    sheet: Mapped[Json | None]
    status: Mapped[JobStatus] = mapped_column(choice(JobStatus), default=JobStatus.PENDING)
    worker: Mapped[str | None] = mapped_column(Text)
    fence: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    cost: Mapped[float]
    weight: Mapped[float] = mapped_column(default=1.0)
    expected: Mapped[float | None]
    seconds: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    message_id: Mapped[int | None] = mapped_column(Snowflake)
    notes: Mapped[list[Json]]
    verdict: Mapped[Json | None]
    error_key: Mapped[str | None] = mapped_column(Text)
    error_values: Mapped[Json | None]
