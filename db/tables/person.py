"""What is kept about a person: little."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Snowflake, utc_now


class PersonRow(Base):
    """Somebody who has accepted the licence, which version of it, and whether files may tell their prompts."""

    __tablename__ = "people"

    user_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, autoincrement=False)
    licence_version: Mapped[str] = mapped_column(Text)
    licence_accepted_at: Mapped[datetime] = mapped_column(default=utc_now)
    publishes_prompts: Mapped[bool] = mapped_column(default=True)
