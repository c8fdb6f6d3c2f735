"""Styles that people keep: words around a prompt, and settings that go with them."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Json, Snowflake, utc_now

NOBODY = 0  #: in place of a guild or a user


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose it is: a guild's, for all in it, or a person's, wherever they are. The other of the two is 0."""

    guild_id: int = NOBODY
    user_id: int = NOBODY


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A style. `settings` are fields of a Wish; the template says with `{prompt}` where the prompt stands in it."""

    name: str
    template: str = ""
    negative_prompt: str = ""
    settings: Json = field(default_factory=dict)


class PresetRow(Base):
    """The row. The name is kept as it is compared: in lower case."""

    __tablename__ = "presets"

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    template: Mapped[str] = mapped_column(Text)
    negative_prompt: Mapped[str] = mapped_column(Text)
    settings: Mapped[Json]
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
