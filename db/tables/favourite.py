"""Which pictures somebody likes."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Snowflake, utc_now


class FavouriteRow(Base):
    """One person's favourite. Others learn only how many there are."""

    __tablename__ = "favourites"

    user_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, autoincrement=False)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
