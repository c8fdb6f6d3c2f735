"""Which pictures look like one, by perceptual hash: all hashes in memory, compared with it in one go."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, select

from db.base import utc_now
from db.never_again import NEAR
from db.session import Database
from db.tables.record import RecordRow

WORDS = 4  # of 64 bits: one hash
PART = 5_000  # rows taken at once, so that nothing else waits for them
MARGIN = timedelta(minutes=2)  # so long after a row's time, no transaction can still bring rows of an earlier one

Size = tuple[int, int]
Rows = Sequence[Row[*tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Alike:
    """A record, and in how many of 256 bits its hash differs."""

    record_id: str
    bits: int


@dataclass(frozen=True, slots=True)
class Hashes:
    """Records by their hashes: n ids, and the hashes as 4 rows of n words, as they are compared fastest."""

    ids: NDArray[np.bytes_]
    words: NDArray[np.uint64]

    @classmethod
    def of(cls, named: Sequence[tuple[str, str]]) -> Self:
        """Return the records of pairs of id and hash, this one as 64 hex digits."""
        words = _words("".join(pdq for _, pdq in named)).reshape(-1, WORDS)
        return cls(np.array([name for name, _ in named], "S10"), np.ascontiguousarray(words.T))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the records of all parts."""
        words = np.concatenate([part.words for part in parts], axis=1)
        return cls(np.concatenate([part.ids for part in parts]), words)

    def near(self, pdq: str, bits: int = NEAR) -> list[Alike]:
        """Return the records whose hashes differ in at most so many bits, the nearest first."""
        distances = np.zeros(self.ids.size, np.uint16)
        for column, word in zip(self.words, _words(pdq), strict=True):
            distances += np.bitwise_count(column ^ word)
        found = np.flatnonzero(distances <= bits)
        ordered = found[np.argsort(distances[found], kind="stable")]
        return [Alike(self.ids[place].decode(), int(distances[place])) for place in ordered]


class Fingerprints:
    """All records' hashes and sizes, read at the first question and then only as far as they are new.

    Deleted and held records are among them: who asks has to look which of them may be told.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()
        self._settled = Hashes.of([])
        self._sizes: Counter[Size] = Counter()
        self._until = datetime.min.replace(tzinfo=UTC)  # what was made before is settled

    async def near(self, pdq: str) -> list[Alike]:
        """Return the records that look like the picture of a hash, the nearest first."""
        async with self._turn:
            recent = await self._read()
            return await asyncio.to_thread(_nearest, (self._settled, _hashes(recent)), pdq)

    async def sizes(self) -> list[Size]:
        """Return the widths and heights of what was made, the most frequent first."""
        async with self._turn:
            recent = await self._read()
            return [size for size, _ in (self._sizes + _sizes(recent)).most_common()]

    async def _read(self) -> Rows:
        """Settle what is old enough for it, all or nothing; return what is younger."""
        horizon, parts, sizes, recent = (
            utc_now() - MARGIN,
            [self._settled],
            Counter[Size](),
            list[Row[*tuple[Any, ...]]](),
        )
        async for rows in self._since(self._until):
            settled = [row for row in rows if row.created_at < horizon]
            recent += [row for row in rows if row.created_at >= horizon]
            parts.append(await asyncio.to_thread(_hashes, settled))
            sizes += _sizes(settled)
        if sizes:
            self._settled = await asyncio.to_thread(Hashes.joined, parts)
        self._sizes, self._until = self._sizes + sizes, horizon
        return recent

    async def _since(self, moment: datetime) -> AsyncIterator[Rows]:
        """Yield what was made since then, a part at a time."""
        columns = (RecordRow.id, RecordRow.pdq, RecordRow.width, RecordRow.height, RecordRow.created_at)
        query = select(*columns).where(RecordRow.created_at >= moment)
        async with self._database.reading() as session:
            async for rows in (await session.stream(query)).partitions(PART):
                yield rows


def _words(digits: str) -> NDArray[np.uint64]:
    return np.frombuffer(bytes.fromhex(digits), ">u8").astype(np.uint64)


def _hashes(rows: Rows) -> Hashes:
    return Hashes.of([(row.id, row.pdq) for row in rows if row.pdq is not None])


def _sizes(rows: Rows) -> Counter[Size]:
    return Counter((row.width, row.height) for row in rows)


def _nearest(parts: Sequence[Hashes], pdq: str) -> list[Alike]:
    found = [each for part in parts for each in part.near(pdq)]
    return sorted(found, key=lambda each: each.bits)
