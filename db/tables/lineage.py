"""Which picture was made from which."""

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class LineageRow(Base):
    """One line of descent; `kind` is the action that drew it (vary, upscale, reproduce, ...)."""

    __tablename__ = "lineage"

    child_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True)
    parent_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True, index=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
