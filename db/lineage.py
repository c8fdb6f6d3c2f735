"""Families of pictures: who was made from whom, whoever may see it."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.session import Database
from db.tables.lineage import LineageRow
from db.tables.record import RecordRow

COUNTED = 1_000  # relatives; that there are more is known, but not how many


@dataclass(frozen=True, slots=True)
class Line:
    """One line of descent; `kind` is the action that drew it."""

    parent: str
    child: str
    kind: str


@dataclass(frozen=True, slots=True)
class Kin:
    """The nearest relatives of a record: their ids, its own first, and the lines between them.

    `more` counts those that are farther away; where `uncounted`, there are even more.
    """

    ids: tuple[str, ...]
    lines: tuple[Line, ...]
    more: int
    uncounted: bool


class Lineage:
    """Walks from a record to its ancestors and its descendants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def kin(self, record_id: str, limit: int, generations: int) -> Kin:
        """Return at most `limit` of the family, the nearest first, of so many generations in each direction.

        With the descendants come their other parents.
        """
        async with self._database.reading() as session:
            found = await _walk(session, record_id)
            nearest = [name for name, distance in found.items() if distance <= generations][:limit]
            among = LineageRow.parent_id.in_(nearest) & LineageRow.child_id.in_(nearest)
            lines = await _lines(session, among)
        return Kin(tuple(nearest), tuple(lines), len(found) - len(nearest), len(found) >= COUNTED)

    async def parents(self, record_ids: Collection[str]) -> dict[str, dict[str, str]]:
        """Return the parents of records, whoever may see them: by the child's id and the parent's, the action."""
        found: dict[str, dict[str, str]] = {}
        async with self._database.reading() as session:
            for line in await _lines(session, LineageRow.child_id.in_(record_ids)):
                found.setdefault(line.child, {})[line.parent] = line.kind
        return found


async def _walk(session: AsyncSession, record_id: str) -> dict[str, int]:
    """Return how many generations away the record and each of its family are, the nearest first."""
    found, distance = {record_id: 0}, 0
    seen_up, seen_down = {record_id}, {record_id}
    up, down = {record_id}, {record_id}
    while (up or down) and len(found) < COUNTED:
        above = await _lines(session, LineageRow.child_id.in_(up), COUNTED)
        below = await _lines(session, LineageRow.parent_id.in_(down), COUNTED)
        up = {line.parent for line in above} - seen_up
        down = {line.child for line in below} - seen_down
        beside = await _lines(session, LineageRow.child_id.in_(down))
        seen_up |= up
        seen_down |= down
        distance += 1
        near = [*(line.parent for line in above), *(line.child for line in below), *(line.parent for line in beside)]
        found |= {name: distance for name in near if name not in found}
    return found


async def _lines(session: AsyncSession, which: ColumnElement[bool], most: int | None = None) -> list[Line]:
    """Return the lines that are so, in the order in which they were drawn; at `most` so many of the first."""
    query = select(LineageRow).join(RecordRow, RecordRow.id == LineageRow.child_id).where(which)
    ordered = query.order_by(RecordRow.job_id, RecordRow.index, LineageRow.parent_id).limit(most)
    rows = await session.scalars(ordered)
    return [Line(row.parent_id, row.child_id, row.kind) for row in rows]
