"""What people look for in the history: too long for the buttons that turn its pages."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Json, Snowflake, utc_now


class SearchRow(Base):
    """One person's search. The key follows from what is looked for, so the same search is kept once."""

    __tablename__ = "searches"

    user_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(12), primary_key=True)
    criteria: Mapped[Json]
    used_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
