"""From raw pixels to records."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeExecutor, InThreadClerk
from jobs_kit import at_work

from db.jobs import JobStatus
from db.session import Database
from provenance.pdq import pdq_of_file
from provenance.picture import Stamped


class MarklessClerk(InThreadClerk):
    """A clerk whose marks cannot be read back."""

    async def call(self, function: Callable[..., Any], *args: Any, timeout: float = 60.0) -> Any:  # noqa: ASYNC109
        answer = await super().call(function, *args, timeout=timeout)
        return replace(answer, mark_found=False) if isinstance(answer, Stamped) else answer


async def test_a_record_has_the_hash_of_the_finished_picture(sqlite_database: Database, tmp_path: Path) -> None:
    async with at_work(sqlite_database, tmp_path, InThreadClerk(), FakeExecutor()) as bench:
        job = await bench.ended(await bench.ask())
        (record,) = await bench.history.of_job(job.id)

        assert record.pdq == pdq_of_file(await bench.store.read(record.sha256))
        assert record.pdq is not None


@pytest.mark.parametrize(("side", "complaints"), [(256, 1), (64, 0)])
async def test_a_mark_that_cannot_be_read_back_is_complained_of_where_there_was_room_for_it(
    sqlite_database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture, side: int, complaints: int
) -> None:
    async with at_work(sqlite_database, tmp_path, MarklessClerk(), FakeExecutor()) as bench:
        job = await bench.ended(await bench.ask(width=side, height=side))

        assert job.status is JobStatus.DONE
        assert sum("watermark" in record.message for record in caplog.records) == complaints
