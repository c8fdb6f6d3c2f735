"""Jobs and records to test with."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from db_samples import ALICE, CHANNEL, GUILD

from db.ids import new_record_id
from db.jobs import Jobs, NewJob, NewRecord
from db.session import Database

NewJobs = Callable[..., NewJob]
NewRecords = Callable[..., NewRecord]


@pytest.fixture
def jobs(database: Database) -> Jobs:
    return Jobs(database)


@pytest.fixture
def new_job() -> NewJobs:
    interactions = count((1 << 62) + 1)

    def make(**changes: Any) -> NewJob:
        usual = {
            "interaction_id": next(interactions),
            "action": "imagine",
            "request": {"prompt": "a fox", "seed": 0},
            "user_id": ALICE,
            "guild_id": GUILD,
            "channel_id": CHANNEL,
            "pictures": 1,
            "cost": 1.5,
        }
        return NewJob(**usual | changes)

    return make


@pytest.fixture
def new_record() -> NewRecords:
    def make(**changes: Any) -> NewRecord:
        usual = {
            "id": new_record_id(),
            "index": 0,
            "sha256": "ab" * 32,
            "width": 64,
            "height": 64,
            "prompt": "a fox",
            "negative_prompt": "",
            "seed": 0,
            "task": "text_to_image",
            "checkpoint": "demo",
            "checkpoint_revision": "1",
            "sampler": "DDIM",
            "num_inference_steps": 10,
            "guidance_scale": 7.5,
            "request": {"prompt": "a fox", "seed": 0},
            "fingerprint": {"torch": "2.13.0"},
            "pixels_sha256": "cd" * 32,
        }
        return NewRecord(**usual | changes)

    return make


@pytest.fixture
def made(jobs: Jobs, new_job: NewJobs, new_record: NewRecords) -> Callable[..., Any]:
    """Walk a job to its end; the changes go to the job, those under `record` to its picture."""

    async def make(record: dict[str, Any] | None = None, **changes: Any) -> str:
        job, _ = await jobs.submit(new_job(**changes))
        leased = await jobs.claim(job.id, "local/0", 60)
        assert leased is not None
        picture = new_record(**record or {})
        assert await jobs.complete(job.id, leased.fence, [picture], seconds=2.0)
        return picture.id

    return make
