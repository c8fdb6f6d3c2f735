"""What a refusal has for consequence: kept, counted, and told; and who is shut out."""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from math import isfinite

from bot.caller import Caller
from bot.wording import moment
from config.secret_key import keyed_hash
from config.words import UserError, say
from db.base import Json, utc_now
from db.cases import CaseKind, NewCase
from db.conduct import EVERYWHERE, Bar, Conduct, NewRefusal, Sanction
from db.jobs import Jobs
from db.tables.job import Job, JobStatus
from jobs.dispatcher import Dispatcher
from moderation.check import Decision, refusal
from moderation.ladder import Step
from moderation.pictures import MINORS, Judgement
from moderation.policy import Policy, Verdict
from moderation.rules import Breach

log = logging.getLogger(__name__)


class Refused(UserError):
    """A request that the policy refuses; its sentence ends with what follows for the person."""

    def __init__(self, decision: Decision, follows: str | None = None, **values: str) -> None:
        super().__init__(decision.key or "moderation.check_failed", **decision.values)
        self._decision = decision
        self._follows = follows
        self._more = values

    def sentence(self, locale: str) -> str:
        """Return why, and what follows, in the person's language."""
        told = super().sentence(locale)
        return told if self._follows is None else f"{told}\n{say(self._follows, locale=locale, **self._more)}"


class Barred(UserError):
    """The person is shut out."""


class Discipline:
    """Keeps refusals, counts strikes, and shuts people out. `news` tells the moderators' desk of alerts."""

    def __init__(
        self,
        *,
        policy: Policy,
        conduct: Conduct,
        jobs: Jobs,
        dispatcher: Dispatcher,
        news: asyncio.Event,
        key: bytes,
    ) -> None:
        self._policy = policy
        self._conduct = conduct
        self._jobs = jobs
        self._dispatcher = dispatcher
        self._news = news
        self._key = key
        self._barred: dict[tuple[int, int], Sanction] = {}  #: by person and place, so that the gate asks no database
        self._turn = asyncio.Lock()  #: of who changes sanctions: no look into the database is older than what is known

    async def load(self) -> None:
        """Take up who is shut out."""
        async with self._turn:
            held = await self._conduct.sanctions(utc_now())
            self._barred = {(each.user_id, each.guild_id): each for each in held}

    def sanctions(self, user_id: int, guild_id: int | None) -> list[Sanction]:
        """Return what shuts the person out in a place, the hardest first."""
        places = (EVERYWHERE,) if guild_id is None else (EVERYWHERE, guild_id)
        found = [held for place in places if (held := self._barred.get((user_id, place))) is not None]
        now, last = utc_now(), datetime.max.replace(tzinfo=utc_now().tzinfo)
        return sorted((each for each in found if each.holds(now)), key=lambda each: each.until or last, reverse=True)

    def check(self, user_id: int, guild_id: int | None) -> None:
        """Raise Barred where the person is shut out."""
        for sanction in self.sanctions(user_id, guild_id)[:1]:
            raise Barred(_barred_key(sanction), **_until(sanction))

    async def refuse(self, caller: Caller, decision: Decision, prompt: str, negative_prompt: str) -> Refused:
        """Keep a refusal, with all that follows from it; return the error that tells the person."""
        new = new_refusal(caller, decision, {"prompt": prompt, "negative_prompt": negative_prompt}, self._key)
        if decision.verdict is Verdict.LOCK:
            return await self._lock(caller, decision, new)
        if decision.verdict is Verdict.STRIKE:
            return await self._strike(caller, decision, new)
        await self._conduct.refuse(new)
        return Refused(decision)

    async def refuse_upload(self, caller: Caller, judgement: Judgement) -> UserError:
        """Keep the refusal of a picture that somebody sent; return the error that tells the person.

        The check errs, so nobody is punished by it; of clause b the moderators hear.
        """
        if judgement.label is None:  # the check saw nothing, which is nobody's doing
            return UserError("people.upload_unchecked")
        policy, breach = self._policy.in_guild(caller.guild_id), Breach(judgement.label, Verdict.REFUSE)
        decision = refusal(breach, policy, judgement.scores)
        await keep_picture(self._conduct, replace(new_refusal(caller, decision, {}, self._key), words=None))
        return Refused(decision)

    async def bar(self, sanction: Sanction) -> Sanction:
        """Shut somebody out by a moderator's will, and cancel what they have waiting there.

        Returns what holds now: what was imposed before, where that is harder.
        """
        async with self._turn:
            held = await self._conduct.impose(sanction)
            self._know(held)
        await self.cancel(sanction.user_id, sanction.guild_id)
        return held

    async def lift(self, user_id: int, guild_id: int, by: int) -> bool:
        """Let somebody in again; False where they were not shut out."""
        lifted = await self._conduct.lift(user_id, guild_id, by)
        await self.load()
        return lifted

    def owed(self, user_id: int, strikes: int) -> Sanction | None:
        """Return what the policy's ladder asks for at so many strikes, from now on."""
        rung, now = self._policy.strikes.rung(strikes), utc_now()
        if rung is None or rung.step is Step.WARN:
            return None
        until = None if rung.lasts is None else now + rung.lasts
        bar = Bar.BAN if until is None else Bar.TIME_OUT
        return Sanction(user_id=user_id, guild_id=EVERYWHERE, bar=bar, until=until, by=None, since=now)

    @property
    def since(self) -> datetime:
        """From when on strikes count."""
        return utc_now() - timedelta(days=self._policy.strikes.decay_days)

    async def _strike(self, caller: Caller, decision: Decision, new: NewRefusal) -> Refused:
        user_id = caller.user_id
        async with self._turn:
            count, sanction = await self._conduct.strike(new, self.since, lambda strikes: self.owed(user_id, strikes))
            if sanction is not None:
                self._know(sanction)
        await self.cancel(user_id)
        log.info("user %s: strike %s by %s", user_id, count, decision.label)
        days = f"{self._policy.strikes.decay_days:g}"
        if sanction is None:
            return Refused(decision, "people.warned", count=str(count), days=days)
        key = "people.banned_now" if sanction.until is None else "people.timed_out_now"
        return Refused(decision, key, count=str(count), days=days, **_until(sanction))

    async def _lock(self, caller: Caller, decision: Decision, new: NewRefusal) -> Refused:
        """Lock the account; what was asked is kept as a keyed hash alone, and shown to nobody."""
        guild_id = caller.guild_id
        alert = NewCase(kind=CaseKind.ALERT, user_id=caller.user_id, opened_by=None, guild_id=guild_id)
        async with self._turn:
            self._know(await self._conduct.lock(replace(new, words=None), alert))
        self._news.set()
        await self.cancel(caller.user_id)
        log.warning("user %s: locked by %s", caller.user_id, decision.label)
        return Refused(decision, "people.locked_now")

    async def cancel(self, user_id: int, guild_id: int = EVERYWHERE) -> None:
        """Cancel what the person has waiting, everywhere or in a guild; of somebody locked, what runs too."""
        locked = any(each.bar is Bar.LOCK for each in self.sanctions(user_id, None))
        for job in await self._dispatcher.open_of(user_id):
            if guild_id in (EVERYWHERE, job.guild_id) and (locked or job.status is JobStatus.PENDING):
                await self._dispatcher.cancel(job)

    def _know(self, sanction: Sanction) -> None:
        self._barred[sanction.user_id, sanction.guild_id] = sanction


def new_refusal(who: Caller | Job, decision: Decision, words: Json, key: bytes) -> NewRefusal:
    """Return a refusal as it is kept."""
    return NewRefusal(
        user_id=who.user_id,
        guild_id=who.guild_id,
        label=decision.label,
        verdict=decision.verdict.value,
        policy_version=decision.policy_version,
        scores={name: round(score, 4) for name, score in decision.scores.items() if isfinite(score)},
        fingerprint=keyed_hash(words, key),
        words=words,
    )


async def keep_picture(conduct: Conduct, new: NewRefusal) -> None:
    """Keep the refusal of a picture; of clause b no words, and the moderators hear of it."""
    if new.label != MINORS:
        await conduct.refuse(new)
        return
    sighting = NewCase(kind=CaseKind.SIGHTING, user_id=new.user_id, opened_by=None, guild_id=new.guild_id)
    await conduct.refuse(replace(new, words=None), sighting)


def _barred_key(sanction: Sanction) -> str:
    if sanction.bar is Bar.LOCK:
        return "people.locked"
    key = "people.banned" if sanction.until is None else "people.timed_out"
    return key if sanction.by is None else f"{key}_by_moderator"


def _until(sanction: Sanction) -> dict[str, str]:
    if sanction.until is None:
        return {}
    return {"until": moment(sanction.until, "f"), "when": moment(sanction.until, "R")}
