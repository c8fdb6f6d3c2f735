"""Messages that show what its person had erased, until they are gone."""

from dataclasses import dataclass

from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Snowflake


@dataclass(frozen=True, kw_only=True)
class Removal:
    """A message that is to go."""

    channel_id: int
    message_id: int


class RemovalRow(Base):
    """The row, written in the transaction that erased what the message shows."""

    __tablename__ = "removals"

    message_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, autoincrement=False)
    channel_id: Mapped[int] = mapped_column(Snowflake)
