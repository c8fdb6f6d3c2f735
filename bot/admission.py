"""The way into the queue: origins and words judged, room found, job committed. In this order, always all of it."""

import logging
from asyncio import Semaphore
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.allowance import Allowance, allowance_of
from bot.caller import Caller
from bot.discipline import Discipline, Refused
from bot.gallery import Gallery
from bot.inheritance import inherited_prompts, may_publish
from bot.room import check_budget, check_room, midnight
from bot.screen import Screen
from config.settings import Limits, Role
from config.words import UserError
from db.guilds import Guilds
from db.jobs import Job, NewJob
from db.people import People
from db.tables.record import Record
from db.timings import Timings
from inference.request import ImageRequest
from jobs.clerk import ClerkFailed
from jobs.dispatcher import Dispatcher
from jobs.notes import Note
from jobs.place import Place

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A job that is committed, where it stands in the queue, and what the person should know."""

    job: Job
    place: Place


class Admission:
    """Lets requests into the queue. Raises UserError with the sentence for the person."""

    def __init__(
        self,
        *,
        turns: Semaphore,
        people: People,
        timings: Timings,
        dispatcher: Dispatcher,
        discipline: Discipline,
        guilds: Guilds,
        gallery: Gallery,
        screen: Screen,
        limits: Limits,
        roles: Sequence[Role],
    ) -> None:
        self._turns = turns
        self._people = people
        self._timings = timings
        self._dispatcher = dispatcher
        self._discipline = discipline
        self._guilds = guilds
        self._gallery = gallery
        self._screen = screen
        self._limits = limits
        self._roles = roles

    async def admit(
        self,
        caller: Caller,
        action: str,
        request: ImageRequest,
        *,
        notes: tuple[Note, ...] = (),
        parent: Record | None = None,
        reproduces: Record | None = None,
        further: Sequence[Record] = (),
        sheet: dict[str, Any] | None = None,
    ) -> Ticket:
        """Check a request and commit it as a job; the same interaction is admitted once.

        What is made from an age-restricted picture is as restricted, wherever it is made. `further` are blended
        with the parent. Where there is a `sheet`, all its pictures are shown, and counted, as one.
        """
        async with self._turns:
            if self._dispatcher.broken:
                raise UserError("jobs.nothing_can_be_drawn")
            origins = [each for each in (parent, reproduces, *further) if each is not None]
            if reproduces is None:
                await self._gallery.check_sources(caller, request.pictures)
            await self._check_prompts(caller, request, origins)
            allowance, own = await self._allowance(caller), await self._people.publishes_prompts(caller.user_id)
            new = NewJob(
                **asked_by(caller),
                action=action,
                request=request.to_dict(),
                notes=[note.to_dict() for note in notes],
                publishes_prompt=own and may_publish(request, origins),
                age_restricted=caller.age_restricted or any(each.age_restricted for each in origins),
                pictures=request.count if sheet is None else 1,
                sheet=sheet,
                parent_id=None if parent is None else parent.id,
                further_parents=[each.id for each in further],
                reproduces=None if reproduces is None else reproduces.id,
                cost=self._dispatcher.estimate(request),
                weight=allowance.weight,
            )
            return await self._submit(new, allowance)

    async def _submit(self, new: NewJob, allowance: Allowance) -> Ticket:
        spent = await self._timings.spent(new.user_id, midnight())

        def check(place: Place) -> None:
            self._discipline.check(new.user_id, new.guild_id)  # what was asked beside this may have shut them out
            opened = self._dispatcher.open_jobs()
            check_budget(new, spent, opened, allowance)
            check_room(new, place, opened, self._limits, allowance, self._dispatcher.places)

        return Ticket(*await self._dispatcher.submit(new, check, horizon=self._limits.longest_wait))

    async def _allowance(self, caller: Caller) -> Allowance:
        """Return what the person's roles give; a share that the guild's moderators set goes before theirs."""
        allowance = allowance_of(caller.roles, self._roles, self._limits)
        own = None if caller.guild_id is None else await self._guilds.weight(caller.guild_id, caller.user_id)
        return allowance if own is None else replace(allowance, weight=own)

    async def _check_prompts(self, caller: Caller, request: ImageRequest, origins: Sequence[Record]) -> None:
        family = [each for origin in origins for each in await self._gallery.history.of_job(origin.job_id)]
        inherited = inherited_prompts(request, family)
        for prompt in request.prompts:
            await self.check_words(caller, prompt, request.negative_prompt, typed=prompt not in inherited)

    async def check_words(self, caller: Caller, prompt: str, negative_prompt: str = "", *, typed: bool = True) -> None:
        """Let through what the policy allows, and nothing that was not checked.

        Nobody is punished for words that they have not typed.
        """
        try:
            decision = await self._screen.judge_words(
                caller.guild_id, prompt, negative_prompt, age_restricted=caller.age_restricted
            )
        except ClerkFailed as error:  # what was not checked is not allowed
            raise UserError("moderation.check_failed") from error
        if decision.allowed:
            return
        log.info("user %s: refused by %s of policy %s", caller.user_id, decision.label, decision.policy_version)
        if decision.label is None:  # the check failed, which is nobody's doing
            raise UserError("moderation.check_failed")
        if not typed:
            raise Refused(decision)
        raise await self._discipline.refuse(caller, decision, prompt, negative_prompt)


def asked_by(caller: Caller) -> dict[str, Any]:
    """Return what a job keeps of who asked for it, and where."""
    return {
        "interaction_id": caller.interaction_id,
        "user_id": caller.user_id,
        "guild_id": caller.guild_id,
        "channel_id": caller.channel_id,
        "application_id": caller.application_id,
        "token": caller.token,
        "message_id": caller.message_id,
        "locale": caller.locale,
        "private": caller.private,
    }
