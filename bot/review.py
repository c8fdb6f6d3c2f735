"""What people put before the moderators, and what these decide."""

import asyncio
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncSession

from bot.caller import Caller
from bot.discipline import Discipline
from bot.gallery import Gallery
from config.settings import Review as ReviewSettings
from config.words import UserError
from db.cases import Case, CaseKind, Cases, NewCase, Outcome
from db.conduct import EVERYWHERE, Bar, Conduct, Refusal, Sanction, Strike, impose, lift, overturn
from db.guilds import Guilds
from db.history import Record, delete_record, release_record

OPEN_REPORTS = 10  # of one person at once


class Review:
    """Reports, appeals and decisions; `news` is set when there is something to post, `released` called after a release.

    Raises UserError with the sentence for the person.
    """

    def __init__(
        self,
        *,
        settings: ReviewSettings,
        cases: Cases,
        conduct: Conduct,
        discipline: Discipline,
        gallery: Gallery,
        guilds: Guilds,
        news: asyncio.Event,
        released: Callable[[], None],
    ) -> None:
        self.news = news
        self._released = released
        self._settings = settings
        self._cases = cases
        self._conduct = conduct
        self._discipline = discipline
        self._gallery = gallery
        self._guilds = guilds

    # What anybody can ask

    async def report(self, caller: Caller, record_id: str, text: str) -> None:
        """Ask the moderators of the place where a picture was made to look at it."""
        record = await self._gallery.record(caller, record_id)
        if record.user_id == caller.user_id:
            raise UserError("people.own_picture")
        mine = await self._cases.opened_by(caller.user_id)
        if sum(each.kind is CaseKind.REPORT and each.outcome is Outcome.OPEN for each in mine) >= OPEN_REPORTS:
            raise UserError("people.too_many_reports", limit=OPEN_REPORTS)
        case = NewCase(
            kind=CaseKind.REPORT,
            user_id=record.user_id,
            opened_by=caller.user_id,
            guild_id=record.guild_id,
            record_id=record.id,
            text=text,
        )
        if await self._cases.open(case) is None:
            raise UserError("people.reported_already")
        self.news.set()

    async def appealable(self, caller: Caller) -> NewCase:
        """Return the case that an appeal would be: against this guild's ban, else against the latest strike."""
        held = self._discipline.sanctions(caller.user_id, caller.guild_id)
        if any(each.bar is Bar.LOCK for each in held):
            raise UserError("people.locked")
        by_moderator = next((each for each in held if each.by is not None), None)
        against = by_moderator or await self._latest_strike(caller.user_id)
        if against is None:
            raise UserError("people.nothing_to_appeal")
        if any(_decides(each, against) for each in await self._cases.opened_by(caller.user_id)):
            raise UserError("people.appeal_decided")
        return NewCase(
            kind=CaseKind.APPEAL,
            user_id=caller.user_id,
            opened_by=caller.user_id,
            guild_id=against.guild_id or None,
            strike_id=against.id if isinstance(against, Strike) else None,
        )

    async def appeal(self, caller: Caller, text: str) -> None:
        """Ask the moderators to take a strike or a ban back."""
        case = await self.appealable(caller)
        if await self._cases.open(NewCase(**vars(case) | {"text": text})) is None:
            raise UserError("people.appealed_already")
        self.news.set()

    # What moderators can do

    def is_moderator(self, caller: Caller) -> bool:
        """Say whether Discord, or the operator's choice of roles, gives the person rights in the whole guild."""
        return caller.moderator or not caller.roles.isdisjoint(self._settings.roles)

    def check_moderator(self, caller: Caller) -> int:
        """Return the guild's id. Raises UserError where Discord gives the person no rights there."""
        if caller.guild_id is None or not self.is_moderator(caller):
            raise UserError("people.not_a_moderator")
        return caller.guild_id

    async def decide(self, caller: Caller, case_id: int, outcome: Outcome) -> Case:
        """Close a case, and do what follows from it."""
        case = await self._case(caller, case_id)

        async def consequence(session: AsyncSession) -> None:
            await self._carry_out(session, case, outcome, caller.user_id)

        decided = await self._cases.decide(case_id, outcome, caller.user_id, consequence)
        if decided is None:
            raise UserError("people.case_closed")
        await self._discipline.load()
        await self._clear_up(decided)
        if outcome is Outcome.RELEASED:
            self._released()
        return decided

    async def note(self, caller: Caller, case_id: int, text: str) -> Case:
        """Add words to a case, for the moderators."""
        await self._case(caller, case_id)
        await self._cases.note(case_id, text, caller.user_id)
        return await self._case(caller, case_id)

    # What the moderators' channel shows

    async def unposted(self) -> list[tuple[Case, int]]:
        """Return the cases that are to be posted, each with its channel."""
        cases = [(case, await self.channel_of(case)) for case in await self._cases.unposted()]
        return [(case, channel_id) for case, channel_id in cases if channel_id is not None]

    async def posted(self, case: Case, channel_id: int, message_id: int) -> None:
        """Write down which message shows the case."""
        await self._cases.posted(case.id, channel_id, message_id)

    async def channel_of(self, case: Case) -> int | None:
        """Return where a case is reviewed: in its guild's channel, or the operator's where it has none."""
        if case.guild_id is not None:
            policy = await self._guilds.policy(case.guild_id)
            if policy.review_channel_id is not None:
                return policy.review_channel_id
        return self._settings.channel

    async def picture_of(self, case: Case) -> Record | None:
        """Return the picture that a case shows to the moderators: one that nobody else has seen."""
        if case.kind is not CaseKind.HELD or case.record_id is None:
            return None
        return await self._gallery.history.get(case.record_id)

    async def refusal_of(self, case: Case) -> Refusal | None:
        """Return the refusal behind the strike that a case is about."""
        strikes = {each.id: each for each in await self._conduct.strikes(case.user_id)}
        strike = strikes.get(case.strike_id or 0)
        refusals = await self._conduct.refusals(user_id=case.user_id)
        return next((each for each in refusals if strike is not None and each.id == strike.refusal_id), None)

    async def _case(self, caller: Caller, case_id: int) -> Case:
        """Return a case that the caller may decide."""
        case = await self._cases.get(case_id)
        guild_id = self.check_moderator(caller)
        if case is None or not (case.guild_id == guild_id or caller.channel_id == self._settings.channel):
            raise UserError("people.not_your_case")
        if case.user_id == caller.user_id:
            raise UserError("people.own_case")
        return case

    async def _carry_out(self, session: AsyncSession, case: Case, outcome: Outcome, by: int) -> None:
        guild_id = EVERYWHERE if case.guild_id is None else case.guild_id
        match outcome:
            case Outcome.OVERTURNED if case.strike_id is not None:
                owed = self._discipline.owed
                await overturn(session, case.strike_id, self._discipline.since, lambda n: owed(case.user_id, n))
            case Outcome.OVERTURNED:
                await lift(session, case.user_id, guild_id)
            case Outcome.RELEASED if case.record_id is not None:
                await release_record(session, case.record_id)
            case Outcome.BANNED:
                ban = Sanction(user_id=case.user_id, guild_id=guild_id, bar=Bar.BAN, until=None, by=by)
                await impose(session, ban)
                if case.kind is CaseKind.HELD and case.record_id is not None:
                    await delete_record(session, case.record_id, by)
            case Outcome.DELETED if case.record_id is not None:
                await delete_record(session, case.record_id, by)

    async def _clear_up(self, case: Case) -> None:
        """Do what no transaction can: cancel a banned person's jobs, remove a deleted picture's file."""
        if case.outcome is Outcome.BANNED:
            await self._discipline.cancel(case.user_id, EVERYWHERE if case.guild_id is None else case.guild_id)
        if case.record_id is not None and case.outcome in (Outcome.DELETED, Outcome.BANNED):
            record = await self._gallery.history.get(case.record_id)
            if record is not None and record.deleted_at is not None:  # its person may have had it erased
                await self._gallery.discard(record)

    async def _latest_strike(self, user_id: int) -> Strike | None:
        strikes = await self._conduct.strikes(user_id)
        counting = (each for each in strikes if each.overturned_at is None and each.at >= self._discipline.since)
        return next(counting, None)


def _decides(case: Case, against: Sanction | Strike) -> bool:
    """Say whether the case has decided about this ban or this strike already."""
    if case.kind is not CaseKind.APPEAL or case.closed_at is None:
        return False
    if isinstance(against, Strike):
        return case.strike_id == against.id
    same_place = case.strike_id is None and (case.guild_id or EVERYWHERE) == against.guild_id
    return same_place and case.closed_at >= against.since
