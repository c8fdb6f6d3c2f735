"""Permission bits, and how roles and channel overwrites add up."""

from local_discord.guild import Channel, Guild

CREATE_INVITE = 1 << 0
KICK_MEMBERS = 1 << 1
BAN_MEMBERS = 1 << 2
ADMINISTRATOR = 1 << 3
MANAGE_CHANNELS = 1 << 4
MANAGE_GUILD = 1 << 5
ADD_REACTIONS = 1 << 6
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
EXTERNAL_EMOJIS = 1 << 18
CHANGE_NICKNAME = 1 << 26
MANAGE_ROLES = 1 << 28
USE_COMMANDS = 1 << 31
SEND_IN_THREADS = 1 << 38
EXTERNAL_STICKERS = 1 << 37
MODERATE_MEMBERS = 1 << 40

ALL = (1 << 53) - 1
TALK = (
    VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_HISTORY
    | ADD_REACTIONS
    | EXTERNAL_EMOJIS
    | USE_COMMANDS
    | SEND_IN_THREADS
)
EVERYONE = TALK | CREATE_INVITE | CHANGE_NICKNAME | EXTERNAL_STICKERS
MODERATOR = EVERYONE | MANAGE_MESSAGES | KICK_MEMBERS | BAN_MEMBERS | MANAGE_GUILD | MODERATE_MEMBERS
DIRECT = TALK & ~(SEND_IN_THREADS) | MENTION_EVERYONE


def in_guild(guild: Guild, user_id: int) -> int:
    """What a member may do in the guild, before any channel has its say."""
    member = guild.members.get(user_id)
    if member is None:
        return 0
    if guild.owner_id == user_id:
        return ALL
    granted = guild.roles[guild.id].permissions
    for role_id in member.roles:
        granted |= guild.roles[role_id].permissions
    return ALL if granted & ADMINISTRATOR else granted


def in_channel(guild: Guild | None, channel: Channel, user_id: int) -> int:
    """What somebody may do in a channel: base, @everyone's overwrite, the roles' together, the member's own."""
    if guild is None:
        return DIRECT if user_id in channel.recipients else 0
    granted = in_guild(guild, user_id)
    if granted == ALL or user_id not in guild.members:
        return granted
    return _without_implied(_overwritten(granted, guild, channel, user_id))


def _overwritten(granted: int, guild: Guild, channel: Channel, user_id: int) -> int:
    mine = set(guild.members[user_id].roles)
    everyone = [rule for rule in channel.overwrites if rule.id == guild.id]
    roles = [rule for rule in channel.overwrites if rule.type == 0 and rule.id in mine and rule.id != guild.id]
    member = [rule for rule in channel.overwrites if rule.type == 1 and rule.id == user_id]
    for rules in (everyone, roles, member):
        allow = deny = 0
        for rule in rules:
            allow, deny = allow | rule.allow, deny | rule.deny
        granted = granted & ~deny | allow
    return granted


def _without_implied(granted: int) -> int:
    """Without sight there is nothing, and without sending neither mentions nor files nor embeds."""
    if not granted & VIEW_CHANNEL:
        return 0
    if not granted & SEND_MESSAGES:
        return granted & ~(MENTION_EVERYONE | ATTACH_FILES | EMBED_LINKS)
    return granted
