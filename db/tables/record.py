"""One picture that was made, with all that made it; and whom it descends from."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Json, Snowflake, choice, utc_now


@unique
class Showing(StrEnum):
    """Where a picture may be shown, by what the picture check saw in it."""

    OPEN = "open"  #: everywhere
    RESTRICTED = "restricted"  #: in age-restricted channels
    SPOILERED = "spoilered"  #: there, hidden until somebody clicks on it
    HELD = "held"  #: nowhere before a moderator has looked at it


@unique
class Sharing(StrEnum):
    """What others may do with somebody's picture, where they can see it at all."""

    OPEN = "open"  #: see it, and make others from it
    CLOSED = "closed"  #: see it
    PRIVATE = "private"  #: nothing


@dataclass(frozen=True, kw_only=True)
class NewRecord:
    """A finished picture, its file already stored.

    `index` counts the pictures of one job from 0; `request` is the one that makes this picture
    alone; `pixels_sha256` is over the raw RGB bytes before any mark was put into them; `pdq` is the perceptual hash of
    the finished picture, None where there is too little in it. `mark_found` says whether the watermark was read back.
    """

    id: str
    index: int
    sha256: str
    width: int
    height: int
    prompt: str
    negative_prompt: str
    seed: int
    task: str
    checkpoint: str
    checkpoint_revision: str
    sampler: str
    num_inference_steps: int
    guidance_scale: float
    strength: float | None = None
    factor: int | None = None
    request: Json
    fingerprint: Json
    pixels_sha256: str
    pdq: str | None = None
    mark_found: bool | None = None
    showing: Showing = Showing.OPEN


@dataclass(frozen=True, kw_only=True)
class Record(NewRecord):
    """A picture in the history. `seconds` is its share of what its job took."""

    job_id: int
    user_id: int
    guild_id: int | None
    channel_id: int
    message_id: int | None
    private: bool
    closed: bool = False
    age_restricted: bool
    publishes_prompt: bool
    deleted_at: datetime | None
    deleted_by: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime
    seconds: float

    @property
    def is_there(self) -> bool:
        """Whether it can be shown at all."""
        return self.deleted_at is None and self.showing is not Showing.HELD

    @property
    def sharing(self) -> Sharing:
        """What others may do with it."""
        if self.private:
            return Sharing.PRIVATE
        return Sharing.CLOSED if self.closed else Sharing.OPEN


#: All that decides whether a record is listed and where, so that those that are not shown need not be read.
LISTED = ("job_id", "index", "id", "user_id", "channel_id", "private", "deleted_at", "showing", "age_restricted")


class RecordRow(Base):
    """The row. It outlives its deletion, for a deleted picture has descendants too.

    `words` are those of both prompts, as db/full_text.py searches them: SQLite in the table `record_words`, which
    triggers keep, PostgreSQL in the column `words_vector`, which it generates.
    """

    __tablename__ = "records"
    __table_args__ = (
        UniqueConstraint("job_id", "index"),
        Index(None, "guild_id", "job_id"),
        Index(None, "user_id", "job_id"),
        Index("ix_records_listed", *LISTED),
    )

    id: Mapped[str] = mapped_column(String(10), primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    index: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    width: Mapped[int]
    height: Mapped[int]
    prompt: Mapped[str] = mapped_column(Text)
    negative_prompt: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text, default="")
    seed: Mapped[int] = mapped_column(Snowflake, index=True)
    task: Mapped[str] = mapped_column(Text)
    checkpoint: Mapped[str] = mapped_column(Text)
    checkpoint_revision: Mapped[str] = mapped_column(Text)
    sampler: Mapped[str] = mapped_column(Text)
    num_inference_steps: Mapped[int]
    guidance_scale: Mapped[float]
    strength: Mapped[float | None]
    factor: Mapped[int | None]
    request: Mapped[Json]
    fingerprint: Mapped[Json]
    pixels_sha256: Mapped[str] = mapped_column(String(64))
    pdq: Mapped[str | None] = mapped_column(String(64))
    mark_found: Mapped[bool | None]
    showing: Mapped[Showing] = mapped_column(choice(Showing))
    user_id: Mapped[int] = mapped_column(Snowflake)
    guild_id: Mapped[int | None] = mapped_column(Snowflake)
    channel_id: Mapped[int] = mapped_column(Snowflake)
    message_id: Mapped[int | None] = mapped_column(Snowflake, index=True)
    private: Mapped[bool]
    closed: Mapped[bool] = mapped_column(default=False)
    age_restricted: Mapped[bool]
    publishes_prompt: Mapped[bool]
    deleted_at: Mapped[datetime | None]
    deleted_by: Mapped[int | None] = mapped_column(Snowflake)
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime]
    seconds: Mapped[float]
