"""What still has to be told to Discord."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from secrets import token_hex

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Snowflake, choice, utc_now


@unique
class Notice(StrEnum):
    """What a message says."""

    RESULT = "result"  #: here are the pictures
    FAILURE = "failure"  #: it failed or was refused, and why
    CANCELLED = "cancelled"  #: it was taken back
    RELEASED = "released"  #: here is a picture that a moderator has let through


@unique
class DeliveryState(StrEnum):
    """How far a message has come."""

    WAITING = "waiting"  #: to be sent at `next_try_at`
    SENT = "sent"  #: Discord has it, as `message_id`
    ABANDONED = "abandoned"  #: there is no way to the person; `note` says why


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message as it stood when it was read. `nonce` stays the same in every try; only a release has a `record_id`.

    One that waits although it has a `message_id` is posted: what is left is to tell of it where it was awaited. One
    with `posting_since` may be posted, from that moment on.
    """

    id: int
    job_id: int
    kind: Notice
    record_id: str
    nonce: str
    state: DeliveryState
    tries: int
    next_try_at: datetime
    posting_since: datetime | None
    message_id: int | None
    note: str | None
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many messages wait, and how many seconds late the latest of them is."""

    messages: int
    overdue: float


def new_nonce() -> str:
    """Return a nonce for Discord, which takes up to 25 characters."""
    return token_hex(12)


class OutboxRow(Base):
    """The row, written in the transaction that ended the job."""

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("job_id", "kind", "record_id"), Index(None, "state", "next_try_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    kind: Mapped[Notice] = mapped_column(choice(Notice))
    record_id: Mapped[str] = mapped_column(String(10), default="")
    nonce: Mapped[str] = mapped_column(String(25), default=new_nonce)
    state: Mapped[DeliveryState] = mapped_column(choice(DeliveryState), default=DeliveryState.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(default=utc_now)
    posting_since: Mapped[datetime | None]
    message_id: Mapped[int | None] = mapped_column(Snowflake)
    note: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    sent_at: Mapped[datetime | None]
