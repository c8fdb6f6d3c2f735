"""What the order of service has to remember of those it serves, so that a restart changes nothing for them."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A node of the fair-share tree: a guild or a user, or all together, whose path is empty.

    `tag` and `clock` are in GPU-seconds, divided by weights; `last_served` and `arrived` are numbers of turns.
    """

    path: str
    tag: float
    clock: float
    last_served: int
    arrived: int


class ShareRow(Base):
    """The row, written in the transaction of whatever changed it."""

    __tablename__ = "shares"

    path: Mapped[str] = mapped_column(Text, primary_key=True)
    tag: Mapped[float]
    clock: Mapped[float]
    last_served: Mapped[int] = mapped_column(BigInteger)
    arrived: Mapped[int] = mapped_column(BigInteger)
