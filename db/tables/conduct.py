"""What was refused to whom, the strikes that came of it, and who is shut out until when."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Json, Snowflake, choice, utc_now

EVERYWHERE = 0  #: in place of a guild's id


@unique
class Bar(StrEnum):
    """How somebody is shut out."""

    TIME_OUT = "time-out"  #: until a moment
    BAN = "ban"  #: until somebody lifts it
    LOCK = "lock"  #: for good; nobody lifts it


@dataclass(frozen=True, kw_only=True)
class NewRefusal:
    """A request that the policy refused. `words` are what was asked, None where they must not be kept.

    `fingerprint` is a keyed hash of the words, `label` the clause or rule; None where the check itself failed.
    """

    user_id: int
    guild_id: int | None
    label: str | None
    verdict: str
    policy_version: str
    scores: Json
    fingerprint: str
    words: Json | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Refusal(NewRefusal):
    """A refusal as it was kept."""

    id: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Strike:
    """A refusal that counts against the person, unless it was overturned."""

    id: int
    user_id: int
    guild_id: int | None
    refusal_id: int
    label: str
    at: datetime
    overturned_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Sanction:
    """Who is shut out where (`EVERYWHERE`, or a guild), until when, and by whom; None: by the policy."""

    user_id: int
    guild_id: int
    bar: Bar
    until: datetime | None
    by: int | None
    since: datetime = field(default_factory=utc_now)

    def holds(self, now: datetime) -> bool:
        """Say whether it is in force at that moment."""
        return self.until is None or now < self.until


class RefusalRow(Base):
    """The row; its words are forgotten after a while."""

    __tablename__ = "refusals"
    __table_args__ = (Index(None, "guild_id", "id"), Index(None, "user_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    user_id: Mapped[int] = mapped_column(Snowflake)
    guild_id: Mapped[int | None] = mapped_column(Snowflake)
    label: Mapped[str | None] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    policy_version: Mapped[str] = mapped_column(Text)
    scores: Mapped[Json]
    fingerprint: Mapped[str] = mapped_column(String(64))
    words: Mapped[Json | None]


class StrikeRow(Base):
    """The row."""

    __tablename__ = "strikes"
    __table_args__ = (Index(None, "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(Snowflake)
    guild_id: Mapped[int | None] = mapped_column(Snowflake)
    refusal_id: Mapped[int] = mapped_column(ForeignKey("refusals.id"))
    label: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    overturned_at: Mapped[datetime | None]


class SanctionRow(Base):
    """The row: one for each person and place."""

    __tablename__ = "sanctions"

    user_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, autoincrement=False)
    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, autoincrement=False)
    bar: Mapped[Bar] = mapped_column(choice(Bar))
    until: Mapped[datetime | None]
    by: Mapped[int | None] = mapped_column(Snowflake)
    since: Mapped[datetime] = mapped_column(default=utc_now)
