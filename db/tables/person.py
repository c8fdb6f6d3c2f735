"""What is kept about a person: little."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Snowflake, utc_now


class PersonRow(Base):
    """Somebody who has accepted the licence, and which version of it."""

    __tablename__ = "people"

    user_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, autoincrement=False)
    licence_version: Mapped[str] = mapped_column(Text)
    licence_accepted_at: Mapped[datetime] = mapped_column(default=utc_now)
