"""Jobs and records as they stand in the database, for tests without one."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from db.tables.job import Job, JobStatus
from db.tables.record import Record
from inference.request import ImageRequest, Sampler

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def request(**changes: Any) -> ImageRequest:
    base = ImageRequest(
        checkpoint="demo",
        prompt="a red circle",
        seed=0,
        width=256,
        height=256,
        num_inference_steps=20,
        guidance_scale=7.5,
        sampler=Sampler.DDIM,
    )
    return replace(base, **changes)


def job(asked: ImageRequest | None = None, **changes: Any) -> Job:
    values = {
        "id": 1,
        "interaction_id": 2,
        "action": "imagine",
        "request": (asked or request()).to_dict(),
        "user_id": 11,
        "channel_id": 3,
        "guild_id": 4,
        "cost": 5.0,
        "pictures": 1,
        "locale": "en-US",
        "status": JobStatus.DONE,
        "worker": None,
        "fence": 1,
        "attempts": 1,
        "lease_until": None,
        "seconds": 1.0,
        "created_at": WHEN,
        "started_at": WHEN,
        "finished_at": WHEN,
        "verdict": None,
        "error_key": None,
        "error_values": None,
    }
    return Job(**values | changes)


def record(number: int = 0, asked: ImageRequest | None = None, **changes: Any) -> Record:
    made = (asked or request(count=4)).single(number)
    values = {
        "id": f"ABCDEFGH0{number}",
        "index": number,
        "sha256": "0" * 64,
        "width": made.width,
        "height": made.height,
        "prompt": made.prompt,
        "negative_prompt": made.negative_prompt,
        "seed": made.seed,
        "task": made.task,
        "checkpoint": made.checkpoint,
        "checkpoint_revision": "1" * 40,
        "sampler": made.sampler,
        "num_inference_steps": made.num_inference_steps,
        "guidance_scale": made.guidance_scale,
        "strength": made.strength,
        "factor": made.factor,
        "request": made.to_dict(),
        "fingerprint": {"torch": "2.13.0", "device": "cpu"},
        "pixels_sha256": "2" * 64,
        "job_id": 1,
        "user_id": 11,
        "guild_id": 4,
        "channel_id": 3,
        "message_id": 5,
        "private": False,
        "age_restricted": False,
        "publishes_prompt": True,
        "deleted_at": None,
        "deleted_by": None,
        "created_at": WHEN,
        "started_at": WHEN,
        "finished_at": WHEN,
        "seconds": 1.5,
    }
    return Record(**values | changes)
