"""Pictures that a guild never wants to see again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Snowflake, utc_now


@dataclass(frozen=True, kw_only=True)
class Unwanted:
    """A picture by its perceptual hash: 64 hex digits."""

    id: int
    guild_id: int
    pdq: str
    added_by: int
    added_at: datetime


class UnwantedRow(Base):
    """The row."""

    __tablename__ = "never_again"
    __table_args__ = (UniqueConstraint("guild_id", "pdq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    pdq: Mapped[str] = mapped_column(String(64))
    added_by: Mapped[int] = mapped_column(Snowflake)
    added_at: Mapped[datetime] = mapped_column(default=utc_now)
