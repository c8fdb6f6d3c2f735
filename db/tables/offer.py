"""A request that its person has not said yes to."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Json, Snowflake, utc_now


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What would be drawn for whom, and what they should know of it."""

    id: str
    user_id: int
    request: Json
    notes: list[Json]


class OfferRow(Base):
    """The row; it is there until it is answered, or too old."""

    __tablename__ = "offers"

    id: Mapped[str] = mapped_column(String(10), primary_key=True)
    user_id: Mapped[int] = mapped_column(Snowflake, index=True)
    request: Mapped[Json]
    notes: Mapped[list[Json]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
