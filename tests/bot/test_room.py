"""Who may ask for how much, and what those hear who may not."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from samples import job

from bot.allowance import Allowance, allowance_of
from bot.room import check_budget, check_room, midnight
from config.settings import Limits, Role, load_settings
from config.words import UserError
from db.base import utc_now
from db.tables.job import Job, NewJob
from jobs.place import Place, Reason

ADA, BEN, GUILD = 11, 12, 1
LIMITS = load_settings().limits.model_copy(
    update={"pending_per_user": 4, "pending_per_guild": 6, "pending_in_all": 9, "longest_wait": 100.0}
)
ALL = allowance_of([], [], LIMITS)
BOOSTER = Role(role="booster", weight=2.0, pending_per_user=8)
REGULAR = Role(role="123456789012345678", weight=1.5, daily_seconds=50.0)


def asked(**changes: Any) -> NewJob:
    values = {"interaction_id": 1, "action": "imagine", "request": {}, "channel_id": 2, "pictures": 1, "cost": 1.0}
    return NewJob(user_id=ADA, **values | changes)


def opened(*jobs: tuple[int, int | None, int]) -> list[Job]:
    """Return open jobs of (user, guild, pictures)."""
    return [
        replace(job(), id=number, user_id=user, guild_id=guild, pictures=pictures)
        for number, (user, guild, pictures) in enumerate(jobs)
    ]


def refusal(jobs: Sequence[Job], *, allowance: Allowance = ALL, begins: float = 0.0, guild: int | None = GUILD) -> str:
    new = asked(guild_id=guild)
    places = {each.id: Place(0, 0, 0.0, 30.0 + each.id, Reason.NEXT) for each in jobs}
    try:
        check_room(new, Place(0, 0, begins, begins, Reason.NEXT), jobs, LIMITS, allowance, lambda: places)
    except UserError as error:
        return error.sentence("en")
    return ""


def test_there_is_room_up_to_each_limit_and_not_beyond() -> None:
    assert refusal(opened((ADA, GUILD, 3))) == ""
    assert "At most 4 of your pictures may wait at once (now: 4)" in refusal(opened((ADA, GUILD, 4)))
    assert refusal(opened((BEN, GUILD, 5))) == ""
    assert "At most 6 pictures of this server may wait at once (now: 6)" in refusal(opened((BEN, GUILD, 6)))
    assert refusal(opened((BEN, 99, 8))) == ""
    assert "The queue is full" in refusal(opened((BEN, 99, 9)))
    assert refusal(opened((BEN, None, 6)), guild=None) == ""  # direct messages are nobody's server


def test_more_than_could_ever_wait_is_not_put_off() -> None:
    with pytest.raises(UserError, match="These are 5 pictures, and at most 4 may wait at once"):
        check_room(asked(pictures=5), Place(0, 0, 0.0, 0.0, Reason.NEXT), [], LIMITS, ALL, dict)


def test_what_cannot_begin_in_time_is_refused_at_once() -> None:
    assert refusal([], begins=100.0) == ""
    assert "could not begin in time" in refusal([], begins=101.0)


def test_who_is_refused_is_told_when_to_come_back() -> None:
    soonest = int(utc_now().timestamp()) + 30

    for sentence in (refusal(opened((ADA, GUILD, 2), (ADA, GUILD, 2))), refusal(opened((BEN, 99, 9)))):
        told = int(sentence.partition("<t:")[2].partition(":R>")[0])
        assert abs(told - soonest) <= 2


def test_a_role_gives_the_best_of_what_its_holder_has() -> None:
    roles = [BOOSTER, REGULAR]

    assert allowance_of(["booster", "1"], roles, LIMITS) == Allowance(2.0, 8, None)
    assert allowance_of(["booster", REGULAR.role], roles, LIMITS) == Allowance(2.0, 8, 50.0)
    assert allowance_of([], roles, LIMITS) == Allowance(1.0, 4, None)
    assert refusal(opened((ADA, GUILD, 5)), allowance=allowance_of(["booster"], roles, LIMITS)) == ""


def test_a_role_may_give_less() -> None:
    assert allowance_of(["moderator"], [Role(role="moderator", weight=0.5)], LIMITS).weight == 0.5


def test_a_budget_is_for_a_day() -> None:
    allowance = Allowance(1.0, 4, 10.0)
    new = asked(cost=4.0)

    check_budget(new, 6.0, [], allowance)
    check_budget(new, 1.0, opened((ADA, GUILD, 1), (BEN, GUILD, 1)), allowance)  # each is expected to take five
    with pytest.raises(UserError, match="10 s of machine time") as refused:
        check_budget(new, 1.1, opened((ADA, GUILD, 1)), allowance)
    check_budget(new, 1e9, [], ALL)
    comes_back = int(refused.value.sentence("en").partition("<t:")[2].partition(":R>")[0])
    assert comes_back == int(midnight().timestamp()) + 24 * 60 * 60


@pytest.mark.parametrize("role", ["admin", "12", ""])
def test_a_role_that_nobody_can_have_is_a_mistake(role: str) -> None:
    with pytest.raises(ValueError, match="role"):
        Role(role=role)


def test_limits_are_typed() -> None:
    with pytest.raises(ValueError, match="longest_wait"):
        Limits(**LIMITS.model_dump() | {"longest_wait": 0})
