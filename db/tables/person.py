"""What is kept about a person: little."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Snowflake, choice, utc_now
from db.tables.record import Sharing


class PersonRow(Base):
    """Somebody who has accepted the licence, which version of it, whether files may tell their prompts, and what
    others may do with the pictures that are made for them from now on.
    """

    __tablename__ = "people"

    user_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, autoincrement=False)
    licence_version: Mapped[str] = mapped_column(Text)
    licence_accepted_at: Mapped[datetime] = mapped_column(default=utc_now)
    publishes_prompts: Mapped[bool] = mapped_column(default=True)
    sharing: Mapped[Sharing] = mapped_column(choice(Sharing), default=Sharing.OPEN)
