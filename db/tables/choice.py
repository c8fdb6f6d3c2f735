"""What workers draw with, where that was tried out once and decides bytes from then on."""

from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class ChoiceRow(Base):
    """The row; `name` says for which weights, device and precision it counts."""

    __tablename__ = "choices"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
