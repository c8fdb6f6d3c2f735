"""What every handler of an interaction needs: its type, who asks, and the first acknowledgement."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import discord

from bot.caller import Caller
from config.words import UserError

PRIVATE = "private"

if TYPE_CHECKING:
    from bot.making import Making
    from bot.studio import Studio
    from bot.tree import Tree


class Host(discord.Client):
    """A client with the collaborators that handlers use. `presses` holds what each kind of button does."""

    studio: "Studio"
    making: "Making"
    tree: "Tree"
    presses: "Mapping[str, Press]"


Interaction: TypeAlias = discord.Interaction[Host]
Press: TypeAlias = Callable[[Interaction, str], Awaitable[None]]


def locale_of(interaction: Interaction) -> str:
    """Return the language that the person reads."""
    return str(interaction.locale)


def caller_of(interaction: Interaction, message_id: int | None = None) -> Caller:
    """Return who asks, and where. Raises UserError in a place that Discord did not describe."""
    if interaction.channel_id is None:
        raise UserError("bot.unknown_place")
    in_guild = interaction.guild_id is not None
    is_nsfw = getattr(interaction.channel, "is_nsfw", None)  # direct messages know no such thing
    return Caller(
        user_id=interaction.user.id,
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id,
        interaction_id=interaction.id,
        application_id=interaction.application_id,
        token=interaction.token,
        locale=locale_of(interaction),
        age_restricted=is_nsfw is not None and is_nsfw(),
        moderator=in_guild and interaction.permissions.manage_messages,
        message_id=message_id,
    )


async def think(interaction: Interaction, *, ephemeral: bool = False) -> int | None:
    """Acknowledge with "thinking…"; return the id of the reply that says so."""
    response = await interaction.response.defer(thinking=True, ephemeral=ephemeral)
    interaction.extras[PRIVATE] = ephemeral
    return None if response is None else response.message_id


def thinks_in_private(interaction: Interaction) -> bool:
    """Say whether the acknowledgement is one that only the person sees."""
    return bool(interaction.extras.get(PRIVATE))
