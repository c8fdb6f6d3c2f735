"""The payload of INTERACTION_CREATE."""

from typing import TYPE_CHECKING

from local_discord.attachments import MAX_FILE
from local_discord.chat import Chat
from local_discord.guild import Channel, Json, User

if TYPE_CHECKING:
    from local_discord.interactions import Interaction

GUILD_CONTEXT, BOT_DM_CONTEXT = 0, 1


def context_of(channel: Channel) -> int:
    """Where a command is used: 0 in a guild, 1 in direct messages with the bot."""
    return BOT_DM_CONTEXT if channel.guild_id is None else GUILD_CONTEXT


def owners(channel: Channel) -> dict[str, str]:
    """Who installed the application here: the guild, or nobody ("0") in direct messages."""
    return {"0": str(channel.guild_id or 0)}


def interaction_create(interaction: "Interaction", chat: Chat) -> Json:
    """All that the bot learns of a person's act."""
    world, channel = chat.world, interaction.channel
    payload: Json = {
        "id": str(interaction.id),
        "application_id": str(world.application_id),
        "type": interaction.type,
        "data": interaction.data,
        "token": interaction.token,
        "version": 1,
        "channel_id": str(channel.id),
        "channel": {**channel.payload(), "permissions": str(world.permissions(channel, interaction.user.id))},
        "app_permissions": str(world.permissions(channel, world.bot.id)),
        "locale": "en-US",
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": owners(channel),
        "context": context_of(channel),
        "attachment_size_limit": MAX_FILE,
    }
    if interaction.source is not None:
        payload["message"] = chat.payload(interaction.source)
    return {**payload, **_actor(interaction.user, channel, chat)}


def _actor(user: User, channel: Channel, chat: Chat) -> Json:
    guild = chat.world.guild_of(channel)
    if guild is None:
        return {"user": user.payload()}
    place = {"id": str(guild.id), "locale": "en-US", "features": []}
    return {
        "guild_id": str(guild.id),
        "guild": place,
        "guild_locale": "en-US",
        "member": resolved_member(user, channel, chat) | {"user": user.payload()},
    }


def resolved_member(user: User, channel: Channel, chat: Chat) -> Json:
    """A member without its user, with the permissions it has in the channel."""
    guild = chat.world.guild_of(channel)
    assert guild is not None
    granted = chat.world.permissions(channel, user.id)
    return {**guild.members[user.id].partial(), "permissions": str(granted)}
