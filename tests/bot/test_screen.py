"""What may be seen of a picture while it is drawn."""

from dataclasses import replace

import pytest
from fakes import FakeEyes, InThreadClerk

from bot.screen import Screen
from config.settings import load_settings
from db.conduct import Conduct
from db.guilds import Guilds
from db.jobs import Job, Jobs, NewJob
from db.never_again import NeverAgain
from db.session import Database
from inference.checkpoints import load_checkpoints
from inference.request import ImageRequest, Sampler, Task
from moderation.policy_file import load_policy

SETTINGS = load_settings()
WORDS = ImageRequest(
    prompt="a red circle",
    checkpoint="demo",
    seed=0,
    width=256,
    height=256,
    num_inference_steps=10,
    guidance_scale=5.0,
    sampler=Sampler.DDIM,
)
FILE = replace(WORDS, task=Task.IMAGE_TO_IMAGE, source="ab" * 32, strength=0.5)


def screen_of(database: Database, *names: str, eyes: FakeEyes | None) -> Screen:
    """A screen over checkpoints as they are shipped."""
    shipped, clerk = load_checkpoints(SETTINGS.models), InThreadClerk()
    return Screen(
        policy=load_policy(SETTINGS.policy),
        policy_file=SETTINGS.policy,
        checkpoints={name: shipped[name] for name in names},
        guilds=Guilds(database),
        conduct=Conduct(database),
        never_again=NeverAgain(database),
        prompts=clerk,  # type: ignore[arg-type]
        pictures=clerk,  # type: ignore[arg-type]
        eyes=eyes,  # type: ignore[arg-type]
        review_channel=None,
        key=b"",
    )


@pytest.fixture
async def job(sqlite_database: Database) -> Job:
    new = NewJob(interaction_id=1, action="vary", request={}, user_id=1, guild_id=2, channel_id=3, pictures=1, cost=1.0)
    job, _ = await Jobs(sqlite_database).submit(new)
    return job


async def test_a_preview_of_a_closed_world_is_shown_where_no_file_was_put_in(
    sqlite_database: Database, job: Job
) -> None:
    alone = screen_of(sqlite_database, "demo", eyes=None)
    beside = screen_of(sqlite_database, "demo", "sd15", eyes=FakeEyes({}))

    assert alone.may_preview(job, WORDS, None)
    assert alone.may_preview(job, FILE, None)
    assert beside.may_preview(job, WORDS, None)
    assert not beside.may_preview(job, FILE, None)
