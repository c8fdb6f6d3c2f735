"""What somebody looks for in the history."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self

from sqlalchemy import ColumnElement, select

from db.base import Json
from db.full_text import matching
from db.tables.favourite import FavouriteRow
from db.tables.record import RecordRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """Everything that a record has to be; None where it does not matter.

    `words` are read by `full_text.Search`; `since` is the first moment and `until` the first after the last.
    `favourites` leaves only those of who looks.
    """

    user_id: int | None = None
    words: str | None = None
    seed: int | None = None
    checkpoint: str | None = None
    task: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    favourites: bool = False

    @property
    def is_all(self) -> bool:
        """Whether everything is looked for."""
        return self == type(self)()

    def to_dict(self) -> Json:
        """Return plain values, for the database: of what matters alone."""
        matters = {name: value for name, value in asdict(self).items() if value is not None and value is not False}
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in matters.items()}

    @classmethod
    def from_dict(cls, stored: Json) -> Self:
        """Return the criteria that `to_dict` wrote."""
        moments: Json = {name: datetime.fromisoformat(stored[name]) for name in ("since", "until") if name in stored}
        return cls(**stored | moments)


def meeting(criteria: Criteria, viewer: int, *, is_sqlite: bool) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions under which a record meets the criteria of who looks."""
    for column in (RecordRow.user_id, RecordRow.seed, RecordRow.checkpoint, RecordRow.task):
        if (value := getattr(criteria, column.key)) is not None:
            yield column == value
    if criteria.words is not None:
        yield matching(criteria.words, is_sqlite=is_sqlite)
    if criteria.since is not None:
        yield RecordRow.created_at >= criteria.since
    if criteria.until is not None:
        yield RecordRow.created_at < criteria.until
    if criteria.favourites:
        yield RecordRow.id.in_(select(FavouriteRow.record_id).where(FavouriteRow.user_id == viewer))
