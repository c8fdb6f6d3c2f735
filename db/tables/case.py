"""What waits for a moderator's decision."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Snowflake, choice, utc_now


@unique
class CaseKind(StrEnum):
    """What moderators are asked."""

    APPEAL = "appeal"  #: somebody says that a strike or a ban is wrong
    REPORT = "report"  #: somebody says that a picture is wrong
    ALERT = "alert"  #: an account was locked; there is nothing to decide, but to know
    SIGHTING = "sighting"  #: a picture was stopped by the clause on minors; there is nothing to decide either
    HELD = "held"  #: the picture check is in doubt, and nobody sees the picture meanwhile


@unique
class Outcome(StrEnum):
    """What a case came to."""

    OPEN = "open"  #: nobody has decided yet
    UPHELD = "upheld"  #: the strike, the ban or the picture stays
    OVERTURNED = "overturned"  #: the strike or the ban is taken back
    RELEASED = "released"  #: the picture may be shown
    DELETED = "deleted"  #: the picture is gone
    BANNED = "banned"  #: whom it is about is banned
    SEEN = "seen"  #: an alert was read


@dataclass(frozen=True, kw_only=True)
class NewCase:
    """A case as it is opened: about `user_id`, by `opened_by` (None: the bot), in a guild's queue or the operator's.

    A report names a record, an appeal a strike or, without one, the guild's ban.
    """

    kind: CaseKind
    user_id: int
    opened_by: int | None
    guild_id: int | None
    text: str = field(default="", repr=False)
    record_id: str | None = None
    strike_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Case(NewCase):
    """A case as it stands; `message_id` is the message in the moderators' channel once it is there."""

    id: int
    outcome: Outcome
    note: str
    channel_id: int | None
    message_id: int | None
    opened_at: datetime
    closed_at: datetime | None
    closed_by: int | None


class CaseRow(Base):
    """The row."""

    __tablename__ = "cases"
    __table_args__ = (Index(None, "outcome", "message_id"), Index(None, "user_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[CaseKind] = mapped_column(choice(CaseKind))
    user_id: Mapped[int] = mapped_column(Snowflake)
    opened_by: Mapped[int | None] = mapped_column(Snowflake)
    guild_id: Mapped[int | None] = mapped_column(Snowflake)
    text: Mapped[str] = mapped_column(Text)
    record_id: Mapped[str | None] = mapped_column(String(10))
    strike_id: Mapped[int | None] = mapped_column(ForeignKey("strikes.id"))
    outcome: Mapped[Outcome] = mapped_column(choice(Outcome), default=Outcome.OPEN)
    note: Mapped[str] = mapped_column(Text, default="")
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    message_id: Mapped[int | None] = mapped_column(Snowflake)
    opened_at: Mapped[datetime] = mapped_column(default=utc_now)
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None] = mapped_column(Snowflake)
