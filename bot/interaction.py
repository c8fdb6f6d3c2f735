"""What every handler of an interaction needs: its type, who asks, and the first acknowledgement."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import aiohttp
import discord
from discord import InteractionResponseType

from bot.caller import Caller
from config.words import UserError

PRIVATE = "private"
MESSAGE_ID = "message_id"
ALREADY_ANSWERED = 40060

if TYPE_CHECKING:
    from bot.cases import Desk
    from bot.making import Making
    from bot.painter import Painter
    from bot.studio import Studio
    from bot.sweeper import Sweeper
    from bot.tree import Tree


class Host(discord.AutoShardedClient):
    """A client with the collaborators that handlers use. `presses` holds what each kind of button does.

    Who only sends waits for `logged_in`: one shard that cannot connect keeps the client from being ready.
    """

    logged_in: asyncio.Event

    studio: "Studio"
    making: "Making"
    painter: "Painter"
    desk: "Desk"
    sweeper: "Sweeper"
    tree: "Tree"
    presses: "Mapping[str, Press]"


Interaction: TypeAlias = discord.Interaction[Host]
Press: TypeAlias = Callable[[Interaction, str], Awaitable[None]]
Answer = TypeVar("Answer")


def locale_of(interaction: Interaction) -> str:
    """Return the language that the person reads."""
    return str(interaction.locale)


def check_place(interaction: Interaction) -> int:
    """Return the id of the channel. Raises UserError in a place that Discord did not describe."""
    if interaction.channel_id is None:
        raise UserError("bot.unknown_place")
    return interaction.channel_id


def caller_of(interaction: Interaction) -> Caller:
    """Return who asks, and where. Raises UserError in a place that Discord did not describe."""
    is_nsfw = getattr(interaction.channel, "is_nsfw", None)  # direct messages know no such thing
    rights = dict(_rights(interaction))
    return Caller(
        user_id=interaction.user.id,
        guild_id=interaction.guild_id,
        channel_id=check_place(interaction),
        interaction_id=interaction.id,
        application_id=interaction.application_id,
        token=interaction.token,
        locale=locale_of(interaction),
        age_restricted=is_nsfw is not None and is_nsfw(),
        views=frozenset(rights),
        moderates=frozenset(each for each, right in rights.items() if right.manage_messages),
        moderator=_is_moderator(interaction.user),
        roles=frozenset(_roles(interaction)),
        message_id=interaction.extras.get(MESSAGE_ID),
    )


def _is_moderator(person: discord.User | discord.Member) -> bool:
    """Say whether the guild lets the person manage messages or members everywhere in it."""
    if not isinstance(person, discord.Member):
        return False
    rights = person.guild_permissions
    return rights.manage_messages or rights.moderate_members


def _roles(interaction: Interaction) -> Iterator[str]:
    """Yield what may give the person more than others have."""
    if interaction.guild_id is not None and interaction.permissions.manage_messages:
        yield "moderator"
    if isinstance(interaction.user, discord.Member):
        if interaction.user.premium_since is not None:
            yield "booster"
        yield from (str(role.id) for role in interaction.user.roles)


def _rights(interaction: Interaction) -> Iterator[tuple[int, discord.Permissions]]:
    """Yield what the person may do in each place of the guild that they may look into; of here Discord itself tells."""
    guild, member = interaction.guild, interaction.user
    if guild is not None and isinstance(member, discord.Member):
        for place in (*guild.channels, *guild.threads):
            right = place.permissions_for(member)
            if right.view_channel and (right.manage_threads or not _is_private_thread(place)):
                yield place.id, right
    if interaction.guild_id is not None:
        yield check_place(interaction), interaction.permissions


def readable(interaction: Interaction) -> frozenset[int]:
    """Return the places of the guild whose earlier messages the person may read."""
    rights = dict(_rights(interaction))
    return frozenset(each for each, right in rights.items() if right.read_message_history)


def _is_private_thread(place: discord.abc.GuildChannel | discord.Thread) -> bool:
    return isinstance(place, discord.Thread) and place.is_private()


async def think(interaction: Interaction, *, ephemeral: bool = False) -> None:
    """Acknowledge with "thinking…", unless that is done; `caller_of` then knows the reply that says so."""
    if interaction.response.is_done():
        return
    kind = InteractionResponseType.deferred_channel_message
    defer = interaction.response.defer
    response = await answer(interaction, kind, lambda: defer(thinking=True, ephemeral=ephemeral))
    interaction.extras[PRIVATE] = ephemeral
    known = None if response is None else response.message_id
    interaction.extras[MESSAGE_ID] = (await interaction.original_response()).id if known is None else known


async def hold(interaction: Interaction) -> None:
    """Acknowledge a button's press; its message stays as it is for now."""
    await answer(interaction, InteractionResponseType.deferred_message_update, interaction.response.defer)


async def answer(
    interaction: Interaction, kind: InteractionResponseType, give: Callable[[], Awaitable[Answer]]
) -> Answer | None:
    """Give the first answer; again where no word of it came back. None: Discord had it all the same."""
    for is_last in (False, True):
        try:
            return await give()
        except discord.HTTPException as error:
            if error.code != ALREADY_ANSWERED:
                raise
            break
        except (aiohttp.ClientError, OSError):
            if is_last:
                raise
    interaction.response._response_type = kind  # discord.py believes that there was no answer, and would give another
    return None


def thinks_in_private(interaction: Interaction) -> bool:
    """Say whether the acknowledgement is one that only the person sees."""
    return bool(interaction.extras.get(PRIVATE))
