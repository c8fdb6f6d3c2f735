"""The promise over several real workers that draw with the demo model: the same fingerprint, the same bytes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from fakes import InThreadClerk
from jobs_kit import Bench, at_work, request
from workshops import until_ready

from config.settings import load_settings
from db.session import Database
from db.tables.job import Job
from db.tables.record import Record
from inference.checkpoints import load_checkpoints
from inference.local import LocalExecutor
from inference.protocol import Attempt, Done, Event

ENGINE = "tests.fakes_device:ThreadedDevice"
ALIKE = ("cpu/1", "cpu/1/2")
OTHER = "cpu/2"


class Watched(LocalExecutor):
    """Remembers which worker drew which job."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.on: dict[int, str] = {}

    def run(self, worker_id: str, attempt: Attempt) -> AsyncIterator[Event]:
        if attempt.id.partition(":")[0].isdecimal():
            self.on[int(attempt.id.partition(":")[0])] = worker_id
        return super().run(worker_id, attempt)


@asynccontextmanager
async def workers(data: Path, devices: Sequence[str]) -> AsyncIterator[Watched]:
    """Give an executor whose workers are ready, on devices of so many threads each."""
    settings = load_settings(data=data, checkpoint="demo", checkpoints=("demo",), devices=tuple(devices))
    async with until_ready(Watched(settings, load_checkpoints(settings.models), engine=ENGINE)) as executor:
        yield executor


async def pixels_by(executor: LocalExecutor, worker: str, spool: Path) -> tuple[bytes, dict[str, str]]:
    """Return the bytes that a worker draws, and its fingerprint then."""
    attempt = Attempt(id=worker, request=request(seed=7), source_path=None, spool=str(spool))
    events = [event async for event in executor.run(worker, attempt)]
    assert isinstance(events[-1], Done)
    (picture,) = events[-1].pictures
    return np.load(picture.path).tobytes(), picture.fingerprint


async def drawn(bench: Bench, **options: object) -> tuple[Job, Record]:
    job = await bench.ended(await bench.ask(**options))
    return job, (await bench.history.of_job(job.id))[0]


async def test_workers_alike_draw_the_same_bytes_and_a_reproduction_goes_to_one_of_them(
    sqlite_database: Database, tmp_path: Path, clerk: InThreadClerk
) -> None:
    spools = [tmp_path / "one", tmp_path / "other"]
    for spool in spools:
        spool.mkdir()
    async with workers(tmp_path, ["cpu/1", OTHER, "cpu/1"]) as executor:
        (one, told), (same, also_told) = [
            await pixels_by(executor, worker, spool) for worker, spool in zip(ALIKE, spools, strict=True)
        ]
        assert one == same
        assert told == also_told
        assert {worker.id: worker.fingerprint["threads"] for worker in executor.workers()} == {
            "cpu/1": "1",
            "cpu/1/2": "1",
            OTHER: "2",
        }

        async with at_work(sqlite_database, tmp_path, clerk, executor) as bench:
            first, original = await drawn(bench, seed=0)
            assert executor.on[first.id] in ALIKE
            agains = await asyncio.gather(*(drawn(bench, seed=0, reproduces=original.id) for _ in range(5)))

            assert {executor.on[again.id] for again, _ in agains} == set(ALIKE)
            assert {record.pixels_sha256 for _, record in agains} == {original.pixels_sha256}
            assert [again.verdict and again.verdict["likeness"] for again, _ in agains] == ["identical"] * 5

    async with workers(tmp_path, [OTHER]) as executor, at_work(sqlite_database, tmp_path, clerk, executor) as bench:
        again, _ = await drawn(bench, seed=0, reproduces=original.id)

        assert [note["values"] for note in again.notes] == [{"names": "threads"}]
        assert again.verdict is not None
        assert again.verdict["changed"] == ["threads"]
