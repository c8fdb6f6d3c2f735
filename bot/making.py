"""The shape of everything that makes pictures: acknowledgement, licence, job."""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import aiohttp
import discord

from bot.admission import Ticket
from bot.caller import Caller
from bot.interaction import Interaction, caller_of, check_place, hold, locale_of, think
from bot.letters import TOKEN_LIFE
from bot.offering import Offered
from bot.replies import licence_embed
from bot.studio import Studio
from bot.tree import whisper
from bot.views.buttons import accept_view
from bot.views.offer import offer_text, offer_view
from config.words import say
from db.base import utc_now

REMEMBERED = 1_000  # wishes that wait for their person's acceptance
ACCEPTED = 10_000  # people of whom a yes is known without asking the database

log = logging.getLogger(__name__)

Ask = Callable[[Caller], Awaitable[Ticket | Offered | None]]
Place = tuple[int, int | None, int]  # who, in which guild, in which channel: what is said in one is not for another


@dataclass(frozen=True, slots=True)
class Remembered:
    """What somebody asked for before they had accepted the licence."""

    licence: discord.WebhookMessage
    ask: Ask
    since: datetime


class Making:
    """Lets people make pictures once they have accepted the use restrictions."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._accepted: OrderedDict[int, None] = OrderedDict()
        self._remembered: OrderedDict[Place, Remembered] = OrderedDict()

    async def make(self, interaction: Interaction, ask: Ask) -> None:
        """Acknowledge and enqueue; from then on the reply belongs to the progress board."""
        await think(interaction)
        if await self.has_accepted(interaction.user.id):
            await _carry_out(interaction, ask)
            return
        locale, policy = locale_of(interaction), self._studio.policy.in_guild(interaction.guild_id)
        view, text = accept_view(policy.version, locale), say("bot.accept_first", locale=locale)
        licence = await whisper(interaction, text, embed=licence_embed(policy, locale), view=view)
        if licence is not None:
            self._remember(_place_of(interaction), Remembered(licence, ask, utc_now()))

    async def accept(self, interaction: Interaction, version: str) -> None:
        """Take the acceptance of the use restrictions, and go on with what the person had asked for in this place."""
        is_current = version == self._studio.policy.version
        remembered = self._remembered.get(_place_of(interaction)) if is_current else None
        if remembered is None or utc_now() - remembered.since > TOKEN_LIFE:
            await hold(interaction)
            await self._accept_alone(interaction, version)
            return
        await think(interaction)
        await self._take(interaction.user.id)
        self._remembered.pop(_place_of(interaction), None)
        try:
            await _carry_out(interaction, remembered.ask)
        finally:
            await _take_back(remembered.licence)

    async def _accept_alone(self, interaction: Interaction, version: str) -> None:
        locale, policy = locale_of(interaction), self._studio.policy.in_guild(interaction.guild_id)
        if version == policy.version:
            await self._take(interaction.user.id)
            text = say("bot.accepted", locale=locale)
            await interaction.edit_original_response(content=text, embed=None, view=None)
            return
        await interaction.edit_original_response(  # the message is older than the policy
            content=say("bot.accept_changed", locale=locale),
            embed=licence_embed(policy, locale),
            view=accept_view(policy.version, locale),
        )

    async def has_accepted(self, user_id: int) -> bool:
        """Say whether the person accepted the use restrictions; a yes is remembered."""
        if user_id not in self._accepted and not await self._studio.has_accepted(user_id):
            return False
        self._know(user_id)
        return True

    def forget(self, user_id: int) -> None:
        """Forget that the person accepted, and what they had asked for."""
        self._accepted.pop(user_id, None)
        for place in [place for place in self._remembered if place[0] == user_id]:
            del self._remembered[place]

    async def _take(self, user_id: int) -> None:
        await self._studio.accept(user_id)
        self._know(user_id)

    def _know(self, user_id: int) -> None:
        self._accepted[user_id] = None
        self._accepted.move_to_end(user_id)
        if len(self._accepted) > ACCEPTED:
            self._accepted.popitem(last=False)

    def _remember(self, place: Place, wish: Remembered) -> None:
        self._remembered[place] = wish
        self._remembered.move_to_end(place)
        now = utc_now()
        while len(self._remembered) > REMEMBERED or now - next(iter(self._remembered.values())).since > TOKEN_LIFE:
            self._remembered.popitem(last=False)


async def _carry_out(interaction: Interaction, ask: Ask) -> None:
    """Enqueue what is asked for; what its person is to be asked about first is shown to them alone."""
    asked = await ask(caller_of(interaction))
    if isinstance(asked, Offered):
        locale = locale_of(interaction)
        await whisper(interaction, offer_text(asked, locale), view=offer_view(asked, locale))


def _place_of(interaction: Interaction) -> Place:
    return interaction.user.id, interaction.guild_id, check_place(interaction)


async def _take_back(licence: discord.WebhookMessage) -> None:
    """Remove the licence from the person's sight, now that it is accepted."""
    try:
        await licence.delete()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.info("message %s: the licence stays in sight: %s", licence.id, error)
