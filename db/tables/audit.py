"""What was done, by whom and to whom: entries that nobody changes, each bound to the one before it."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Json, Snowflake

ORIGIN = "0" * 64  #: what the first entry is bound to


@dataclass(frozen=True, kw_only=True)
class Act:
    """What is to be written down. `actor` is None for the bot itself; `details` hold no words of anybody's."""

    action: str
    actor: int | None = None
    subject: int | None = None
    guild_id: int | None = None
    details: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Entry(Act):
    """An act as it was written down. `id` counts from 1; `digest` is over all the rest."""

    id: int
    at: datetime
    previous: str
    digest: str


class AuditRow(Base):
    """The row. The database itself refuses to change or delete it."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[int | None] = mapped_column(Snowflake)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[int | None] = mapped_column(Snowflake)
    guild_id: Mapped[int | None] = mapped_column(Snowflake)
    details: Mapped[Json]
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))


class AuditHeadRow(Base):
    """How many entries there are and the last one's digest, so that a shortened log is noticed: one row."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entries: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
