"""Who wants to be forgotten: what could not go at once goes when it can."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Snowflake, utc_now


class ErasureRow(Base):
    """The row, until nothing from before that moment is left."""

    __tablename__ = "erasures"

    user_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
