"""Whom a message mentions, after what its sender allowed and may."""

import re
from collections.abc import Mapping
from typing import Any

from local_discord import permissions
from local_discord.limits.components import walk
from local_discord.messages import Message
from local_discord.snowflake import parse
from local_discord.world import World

_USER = re.compile(r"<@!?(\d{1,20})>")
_ROLE = re.compile(r"<@&(\d{1,20})>")
_EVERYONE = re.compile(r"@(?:everyone|here)\b")


def set_mentions(message: Message, allowed: Mapping[str, Any] | None, world: World) -> None:
    """Work out `mentions`, `mention_roles` and `mention_everyone`; `allowed` is the body's allowed_mentions."""
    words = "\n".join([message.content, *(item.get("content", "") for item in walk(message.components))])
    may = world.permissions(message.channel, message.author.id)
    message.mentions = [world.users[found] for found in _ids(_USER, words, allowed, "users") if found in world.users]
    if message.reference is not None and (allowed is None or allowed.get("replied_user")):
        _mention(message, message.reference.author.id, world)
    guild = world.guild_of(message.channel)
    pings = bool(may & permissions.MENTION_EVERYONE)
    known = guild.roles if guild and pings else {}
    message.mention_roles = [found for found in _ids(_ROLE, words, allowed, "roles") if found in known]
    told = allowed is None or "everyone" in (allowed.get("parse") or [])
    message.mention_everyone = bool(_EVERYONE.search(words)) and told and pings


def _ids(pattern: re.Pattern[str], words: str, allowed: Mapping[str, Any] | None, kind: str) -> list[int]:
    found = list(dict.fromkeys(int(digits) for digits in pattern.findall(words)))
    if allowed is None or kind in (allowed.get("parse") or []):
        return found
    named = {parse(value) for value in allowed.get(kind) or []}
    return [value for value in found if value in named]


def _mention(message: Message, user_id: int, world: World) -> None:
    if user_id in world.users and world.users[user_id] not in message.mentions:
        message.mentions.append(world.users[user_id])
