"""What a guild's moderators can see, set and do; in their own guild, by the rights that Discord gives them there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.caller import Caller
from bot.chart import bar_chart
from bot.discipline import Discipline
from bot.gallery import Gallery
from bot.review import Review
from config.settings import Fairness, Limits
from config.words import UserError
from db.base import utc_now
from db.cases import Case, Cases
from db.conduct import Bar, Conduct, Refusal, Sanction, Strike
from db.guilds import GuildPolicy, Guilds
from db.never_again import NeverAgain, Unwanted
from jobs.clerk import Clerk
from moderation.policy import Policy
from provenance.intake import take_in
from provenance.pdq import pdq_of_file

LISTED = 10
STATISTICS_DAYS = 30
HASH_SECONDS = 30.0
PDQ = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """What the moderators of a guild may know of a person: what happened there, and what holds there."""

    user_id: int
    refusals: tuple[Refusal, ...]
    strikes: tuple[Strike, ...]
    sanctions: tuple[Sanction, ...]
    cases: tuple[Case, ...]
    weight: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """How often each clause and rule refused something, and how many cases of each kind there were."""

    days: int
    refusals: Mapping[str, int]
    cases: Mapping[str, int]


class Moderators:
    """The use-cases of moderators. Raises UserError with the sentence for the person."""

    def __init__(
        self,
        *,
        policy: Policy,
        fairness: Fairness,
        limits: Limits,
        review: Review,
        cases: Cases,
        conduct: Conduct,
        discipline: Discipline,
        gallery: Gallery,
        guilds: Guilds,
        never_again: NeverAgain,
        clerk: Clerk,
    ) -> None:
        self._policy = policy
        self._fairness = fairness
        self._limits = limits
        self._review = review
        self._cases = cases
        self._conduct = conduct
        self._discipline = discipline
        self._gallery = gallery
        self._guilds = guilds
        self._never_again = never_again
        self._clerk = clerk

    # People

    async def dossier(self, caller: Caller, user_id: int) -> Dossier:
        """Return a person's record in the guild."""
        guild_id = self._review.check_moderator(caller)
        strikes = await self._conduct.strikes(user_id)
        return Dossier(
            user_id=user_id,
            refusals=tuple(await self._conduct.refusals(guild_id=guild_id, user_id=user_id)),
            strikes=tuple(each for each in strikes if each.guild_id == guild_id),
            sanctions=tuple(self._discipline.sanctions(user_id, guild_id)),
            cases=tuple(await self._cases.about(user_id, guild_id)),
            weight=await self._guilds.weight(guild_id, user_id),
        )

    async def refusals(self, caller: Caller, user_id: int | None) -> list[Refusal]:
        """Return what was refused in the guild lately, everybody's or one person's."""
        guild_id = self._review.check_moderator(caller)
        return await self._conduct.refusals(guild_id=guild_id, user_id=user_id, limit=LISTED)

    async def ban(self, caller: Caller, user_id: int, hours: float | None) -> Sanction:
        """Shut somebody out in the guild: for so many hours, or until a moderator lifts it; return what holds now."""
        guild_id = self._review.check_moderator(caller)
        if user_id == caller.user_id:
            raise UserError("people.not_yourself")
        until = None if hours is None else utc_now() + timedelta(hours=hours)
        bar = Bar.BAN if until is None else Bar.TIME_OUT
        sanction = Sanction(user_id=user_id, guild_id=guild_id, bar=bar, until=until, by=caller.user_id)
        return await self._discipline.bar(sanction)

    async def unban(self, caller: Caller, user_id: int) -> None:
        """Lift what the guild's moderators imposed; what the policy imposed falls with its strikes, by an appeal."""
        guild_id = self._review.check_moderator(caller)
        if not await self._discipline.lift(user_id, guild_id, caller.user_id):
            raise UserError("people.not_banned_here")

    async def weigh(self, caller: Caller, user_id: int, weight: float | None) -> None:
        """Set a member's share of the machine beside the guild's other members; None takes it back."""
        guild_id = self._review.check_moderator(caller)
        if self._fairness.levels != ("guild", "user"):  # it would count beside other guilds' people, too
            raise UserError("people.weights_are_the_operators")
        await self._guilds.set_weight(guild_id, user_id, weight, caller.user_id)

    # The guild's policy

    async def policy(self, caller: Caller) -> GuildPolicy:
        """Return what is set for the guild."""
        return await self._guilds.policy(self._review.check_moderator(caller))

    async def switch(self, caller: Caller, name: str, on: bool) -> None:
        """Switch one of the server's rules on or off in the guild; a clause of the licence has no switch."""
        guild_id = self._review.check_moderator(caller)
        if name not in self._policy.rules:
            raise UserError("people.no_such_rule", given=name[:40], rules=", ".join(self._policy.rules))
        if self._policy.rules[name].fixed:
            raise UserError("people.rule_is_fixed", title=self._policy.rules[name].title)
        off = set((await self._guilds.policy(guild_id)).rules_off)
        await self._guilds.set_rules_off(guild_id, off - {name} if on else off | {name}, caller.user_id)

    async def review_in(self, caller: Caller, channel_id: int) -> None:
        """Let the guild's cases be reviewed in that channel."""
        await self._guilds.set_review_channel(self._review.check_moderator(caller), channel_id, caller.user_id)
        self._review.news.set()

    async def statistics(self, caller: Caller) -> Statistics:
        """Return how often what happened in the guild lately."""
        guild_id = self._review.check_moderator(caller)
        since = utc_now() - timedelta(days=STATISTICS_DAYS)
        refusals, cases = await self._conduct.tally(guild_id, since), await self._cases.tally(guild_id, since)
        return Statistics(days=STATISTICS_DAYS, refusals=refusals, cases=cases)

    async def chart(self, title: str, bars: list[tuple[str, int]]) -> bytes:
        """Return a drawn chart as PNG."""
        return await self._clerk.call(bar_chart, title, bars, timeout=HASH_SECONDS)

    # Pictures never to be seen again

    async def ban_picture(self, caller: Caller, record_id: str) -> str:
        """Put a picture of the history on the guild's list; return its hash."""
        guild_id = self._review.check_moderator(caller)
        record = await self._gallery.record(caller, record_id)
        return await self._list(caller, guild_id, await self._gallery.bytes_of(record))

    async def ban_upload(self, caller: Caller, data: bytes) -> str:
        """Put somebody's file on the guild's list; return its hash. The file itself is not kept."""
        guild_id = self._review.check_moderator(caller)
        taken = await self._clerk.call(take_in, data, self._limits, timeout=HASH_SECONDS)
        return await self._list(caller, guild_id, taken.png)

    async def ban_hash(self, caller: Caller, pdq: str) -> str:
        """Put a picture on the guild's list by its hash, as others tell of it; return the hash."""
        guild_id = self._review.check_moderator(caller)
        if not PDQ.fullmatch(pdq.strip().lower()):
            raise UserError("people.no_hash", given=pdq[:70])
        await self._never_again.add(guild_id, pdq.strip().lower(), caller.user_id)
        return pdq.strip().lower()

    async def unwanted(self, caller: Caller) -> list[Unwanted]:
        """Return the guild's list."""
        return await self._never_again.of(self._review.check_moderator(caller))

    async def allow_picture(self, caller: Caller, unwanted_id: int) -> None:
        """Take a picture off the guild's list."""
        guild_id = self._review.check_moderator(caller)
        if not await self._never_again.remove(guild_id, unwanted_id, caller.user_id):
            raise UserError("people.not_listed", given=unwanted_id)

    async def _list(self, caller: Caller, guild_id: int, data: bytes) -> str:
        pdq = await self._clerk.call(pdq_of_file, data, timeout=HASH_SECONDS)
        if pdq is None:
            raise UserError("people.too_plain")
        await self._never_again.add(guild_id, pdq, caller.user_id)
        return pdq
