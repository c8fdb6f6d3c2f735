"""Intents: which events a session is told about, and how much of them."""

from enum import IntFlag
from typing import Any


class Intent(IntFlag):
    """What a session asks to be told about."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_MODERATION = 1 << 2
    GUILD_EXPRESSIONS = 1 << 3
    GUILD_INTEGRATIONS = 1 << 4
    GUILD_WEBHOOKS = 1 << 5
    GUILD_INVITES = 1 << 6
    GUILD_VOICE_STATES = 1 << 7
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    DIRECT_MESSAGE_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15
    GUILD_SCHEDULED_EVENTS = 1 << 16
    AUTO_MODERATION_CONFIGURATION = 1 << 20
    AUTO_MODERATION_EXECUTION = 1 << 21
    GUILD_MESSAGE_POLLS = 1 << 24
    DIRECT_MESSAGE_POLLS = 1 << 25


ALL_INTENTS = sum(Intent)

#: A privileged intent and the application flags of which one must be set for a session to ask for it.
PRIVILEGED = {
    Intent.GUILD_PRESENCES: 1 << 12 | 1 << 13,
    Intent.GUILD_MEMBERS: 1 << 14 | 1 << 15,
    Intent.MESSAGE_CONTENT: 1 << 18 | 1 << 19,
}

#: Event prefixes and the intents that let them through, in a guild and in direct messages. The longest prefix counts;
#: an event with none (INTERACTION_CREATE, USER_UPDATE) needs no intent.
EVENT_INTENTS: dict[str, tuple[Intent, Intent]] = {
    "GUILD_": (Intent.GUILDS, Intent.GUILDS),
    "CHANNEL_": (Intent.GUILDS, Intent.GUILDS),
    "THREAD_": (Intent.GUILDS, Intent.GUILDS),
    "CHANNEL_PINS_": (Intent.GUILDS, Intent.DIRECT_MESSAGES),
    "GUILD_MEMBER_": (Intent.GUILD_MEMBERS, Intent.GUILD_MEMBERS),
    "GUILD_BAN_": (Intent.GUILD_MODERATION, Intent.GUILD_MODERATION),
    "WEBHOOKS_": (Intent.GUILD_WEBHOOKS, Intent.GUILD_WEBHOOKS),
    "PRESENCE_": (Intent.GUILD_PRESENCES, Intent.GUILD_PRESENCES),
    "MESSAGE_": (Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES),
    "MESSAGE_REACTION_": (Intent.GUILD_MESSAGE_REACTIONS, Intent.DIRECT_MESSAGE_REACTIONS),
    "MESSAGE_POLL_": (Intent.GUILD_MESSAGE_POLLS, Intent.DIRECT_MESSAGE_POLLS),
    "TYPING_": (Intent.GUILD_MESSAGE_TYPING, Intent.DIRECT_MESSAGE_TYPING),
}


def intent_for(event: str, *, in_guild: bool) -> Intent:
    """Return the intent a session needs for ``event``; no bits where it needs none."""
    prefix = max((p for p in EVENT_INTENTS if event.startswith(p)), key=len, default=None)
    if prefix is None:
        return Intent(0)
    return EVENT_INTENTS[prefix][0 if in_guild else 1]


def wants(intents: Intent, event: str, *, in_guild: bool) -> bool:
    """Whether a session with these intents is told about an event."""
    needed = intent_for(event, in_guild=in_guild)
    return intents & needed == needed


def tailored(event: str, data: dict[str, Any], intents: Intent, bot_id: int) -> dict[str, Any]:
    """Return the event's data with what the session's intents do not cover left out."""
    if event == "GUILD_CREATE" and Intent.GUILD_PRESENCES not in intents:
        own = [member for member in data["members"] if member["user"]["id"] == str(bot_id)]
        return {**data, "members": own, "presences": []}
    if event in {"MESSAGE_CREATE", "MESSAGE_UPDATE"} and Intent.MESSAGE_CONTENT not in intents:
        return _without_content(data, str(bot_id))
    return data


def _without_content(message: dict[str, Any], bot_id: str) -> dict[str, Any]:
    """Blank a guild's message, unless the bot wrote it or is mentioned in it."""
    mentioned = any(user["id"] == bot_id for user in message.get("mentions", ()))
    own = bot_id in (message.get("author", {}).get("id"), message.get("application_id"))
    if own or mentioned or "guild_id" not in message:
        return message
    blank: dict[str, Any] = {"content": "", "embeds": [], "attachments": [], "components": []}
    return {key: value for key, value in {**message, **blank}.items() if key != "poll"}
