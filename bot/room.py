"""Whether there is room for another job; who is refused is told when to come back."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.allowance import Allowance
from bot.wording import moment
from config.settings import Limits
from config.words import UserError
from db.base import utc_now
from db.tables.job import Job, NewJob
from jobs.place import Place

Places = Callable[[], Mapping[int, Place]]
SOONEST = 1.0  # seconds; nobody is told to come back this very moment


def check_room(
    new: NewJob, place: Place, opened: Sequence[Job], limits: Limits, allowance: Allowance, places: Places
) -> None:
    """Raise UserError where the job would be too much for its owner, its guild or all together, or begin too late.

    `place` is the one that it would have, `opened` all that waits or runs, `places` tells where that stands.
    """
    mine = [job for job in opened if job.user_id == new.user_id]
    guild = [job for job in opened if new.guild_id is not None and job.guild_id == new.guild_id]
    for key, jobs, limit in (
        ("bot.too_many_of_yours", mine, allowance.pending_per_user),
        ("bot.too_many_of_guild", guild, limits.pending_per_guild),
        ("bot.queue_full", opened, limits.pending_in_all),
    ):
        if new.pictures > limit:
            raise UserError("bot.too_many_at_once", given=new.pictures, limit=limit)
        waiting = sum(job.pictures for job in jobs)
        if waiting + new.pictures > limit:
            raise UserError(key, waiting=waiting, limit=limit, when=_until(_first_end(jobs, places())))
    if place.begins > limits.longest_wait:
        raise UserError("bot.wait_too_long", when=_until(place.begins - limits.longest_wait))


def check_budget(new: NewJob, spent: float, opened: Sequence[Job], allowance: Allowance) -> None:
    """Raise UserError where the job would cost more than what is left of the person's day.

    `spent` is what today's jobs took that are over, in GPU-seconds; what is open counts by what it is expected to take.
    """
    spent += sum(job.cost for job in opened if job.user_id == new.user_id)
    if allowance.daily_seconds is not None and spent + new.cost > allowance.daily_seconds:
        when = moment(midnight() + timedelta(days=1), "R")
        raise UserError("bot.budget_spent", limit=round(allowance.daily_seconds), when=when)


def midnight() -> datetime:
    """Return when the present day began, in UTC."""
    return utc_now().replace(hour=0, minute=0, second=0, microsecond=0)


def _first_end(jobs: Sequence[Job], places: Mapping[int, Place]) -> float:
    """Return in how many seconds the first of the jobs should be done."""
    return min((places[job.id].seconds for job in jobs if job.id in places), default=SOONEST)


def _until(seconds: float) -> str:
    """Return the moment so many seconds from now, as Discord shows it to everybody in their own words."""
    return moment(utc_now() + timedelta(seconds=max(SOONEST, seconds)), "R")
