"""How the bot is doing, for the moderators of a guild: of others they learn totals alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.caller import Caller
from bot.overview import Overview
from bot.review import Review
from bot.status_picture import Sheet, draw_status
from db.base import utc_now
from db.load import Load, Loads
from jobs.clerk import Clerk
from observing.snapshot import Snapshot

LASTS, SLICES = timedelta(hours=6), 36  # ten minutes each
DRAW_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How things stand, how they stood in the last hours, and the guild's part of it."""

    at: datetime
    now: Snapshot
    load: Load


class StatusReport:
    """The use-case of /status."""

    def __init__(self, *, review: Review, overview: Overview, loads: Loads, clerk: Clerk) -> None:
        self._review = review
        self._overview = overview
        self._loads = loads
        self._clerk = clerk

    async def of(self, caller: Caller) -> Status:
        """Return how the bot is doing. Raises UserError for who is no moderator."""
        guild_id, at = self._review.check_moderator(caller), utc_now()
        load = await self._loads.of(guild_id, LASTS, SLICES, at)
        return Status(at=at, now=await self._overview.look(), load=load)

    async def picture(self, sheet: Sheet) -> bytes:
        """Return it drawn, as PNG."""
        return await self._clerk.call(draw_status, sheet, timeout=DRAW_SECONDS)
