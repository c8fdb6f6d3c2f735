"""What a person may ask for and which share is theirs, by their roles."""

from collections.abc import Iterable
from dataclasses import dataclass

from config.settings import Limits, Role


@dataclass(frozen=True, slots=True)
class Allowance:
    """A person's share, how many pictures they may have open, and how many GPU-seconds a day; None: without end."""

    weight: float
    pending_per_user: int
    daily_seconds: float | None


def allowance_of(held: Iterable[str], roles: Iterable[Role], limits: Limits) -> Allowance:
    """Return what somebody who holds these roles has: the best of what they give, else what all have."""
    given = [role for role in roles if role.role in set(held)]
    return Allowance(
        weight=max((role.weight for role in given), default=1.0),
        pending_per_user=max(
            (role.pending_per_user for role in given if role.pending_per_user is not None),
            default=limits.pending_per_user,
        ),
        daily_seconds=max(
            (role.daily_seconds for role in given if role.daily_seconds is not None), default=limits.daily_seconds
        ),
    )
