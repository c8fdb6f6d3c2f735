"""What a guild's moderators have set for it, and for its members."""

from dataclasses import dataclass

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Snowflake


@dataclass(frozen=True, kw_only=True)
class GuildPolicy:
    """Where the guild's moderators review, and which of the server's rules are switched off in it."""

    review_channel_id: int | None = None
    rules_off: tuple[str, ...] = ()


class GuildRow(Base):
    """The row."""

    __tablename__ = "guilds"

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, autoincrement=False)
    review_channel_id: Mapped[int | None] = mapped_column(Snowflake)
    rules_off: Mapped[list[str]] = mapped_column(JSON, default=list)


class MemberRow(Base):
    """A member whose share of the machine the guild's moderators have set."""

    __tablename__ = "members"

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, autoincrement=False)
    weight: Mapped[float]
