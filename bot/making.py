"""The shape of everything that makes pictures: licence, acknowledgement, job."""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import discord

from bot.admission import Ticket
from bot.caller import Caller
from bot.interaction import Interaction, caller_of, locale_of, think
from bot.replies import licence_embed
from bot.studio import Studio
from bot.views.buttons import accept_view
from config.words import say

REMEMBERED = 1_000  # people whose first command waits for their acceptance
ACCEPTED = 10_000  # people of whom a yes is known without asking the database

log = logging.getLogger(__name__)

Ask = Callable[[Caller], Awaitable[Ticket]]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What somebody asked for before they had accepted the licence."""

    interaction: Interaction
    ask: Ask


class Making:
    """Lets people make pictures once they have accepted the use restrictions."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._accepted: OrderedDict[int, None] = OrderedDict()
        self._remembered: OrderedDict[int, Remembered] = OrderedDict()

    async def make(self, interaction: Interaction, ask: Ask) -> None:
        """Acknowledge and enqueue; from then on the reply belongs to the progress board."""
        if await self.has_accepted(interaction.user.id):
            await self._enqueue(interaction, ask)
            return
        self._remember(interaction, ask)
        await interaction.response.send_message(
            say("bot.accept_first", locale=locale_of(interaction)),
            embed=licence_embed(self._studio.policy, locale_of(interaction)),
            view=accept_view(self._studio.policy.version, locale_of(interaction)),
            ephemeral=True,
        )

    async def accept(self, interaction: Interaction, version: str) -> None:
        """Take the acceptance of the use restrictions, and go on with what the person had asked for."""
        locale, policy = locale_of(interaction), self._studio.policy
        if version != policy.version:  # the message is older than the policy
            await interaction.response.edit_message(
                content=say("bot.accept_changed", locale=locale),
                embed=licence_embed(policy, locale),
                view=accept_view(policy.version, locale),
            )
            return
        await self._studio.accept(interaction.user.id)
        self._know(interaction.user.id)
        remembered = self._remembered.pop(interaction.user.id, None)
        if remembered is None:
            await interaction.response.edit_message(content=say("bot.accepted", locale=locale), embed=None, view=None)
            return
        try:
            await self._enqueue(interaction, remembered.ask)
        finally:
            await _take_back(remembered.interaction)

    async def has_accepted(self, user_id: int) -> bool:
        """Say whether the person accepted the use restrictions; a yes is remembered."""
        accepted = user_id in self._accepted or await self._studio.has_accepted(user_id)
        if accepted:
            self._know(user_id)
        return accepted

    def _know(self, user_id: int) -> None:
        self._accepted[user_id] = None
        self._accepted.move_to_end(user_id)
        if len(self._accepted) > ACCEPTED:
            self._accepted.popitem(last=False)

    async def _enqueue(self, interaction: Interaction, ask: Ask) -> None:
        message_id = await think(interaction)
        await ask(caller_of(interaction, message_id))

    def _remember(self, interaction: Interaction, ask: Ask) -> None:
        self._remembered[interaction.user.id] = Remembered(interaction, ask)
        self._remembered.move_to_end(interaction.user.id)
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)


async def _take_back(interaction: Interaction) -> None:
    """Remove the licence from the person's sight, now that it is accepted."""
    try:
        await interaction.delete_original_response()
    except discord.HTTPException as error:
        log.info("interaction %s: the licence stays in sight: %s", interaction.id, error)
