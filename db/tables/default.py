"""What is drawn with where a request leaves something open, as a person or a guild's moderators set it."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Json, Snowflake, utc_now


class DefaultsRow(Base):
    """The row; `settings` are fields of a Wish. Of guild and user, the one whose it is not is 0."""

    __tablename__ = "defaults"

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, autoincrement=False)
    settings: Mapped[Json]
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
