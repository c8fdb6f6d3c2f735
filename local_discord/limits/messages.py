"""Rules for the bodies that make or change a message, by the door they come through."""

from enum import Enum
from typing import Any

from local_discord.errors import Check, Form, Path
from local_discord.limits import kinds
from local_discord.limits.components import message_components
from local_discord.limits.embeds import embeds
from local_discord.limits.shape import anything, boolean, both, each, integer, maybe, one_of, record, snowflake, text

MAX_FILES = 10


class Door(Enum):
    """Where a message body comes in, with the flags it may carry there."""

    #: A new message in a channel.
    CREATE = kinds.SUPPRESS_EMBEDS | kinds.SUPPRESS_NOTIFICATIONS | kinds.COMPONENTS_V2
    #: An edit in a channel, or of an interaction's message.
    EDIT = kinds.SUPPRESS_EMBEDS | kinds.COMPONENTS_V2
    #: An interaction's answer or follow-up.
    ANSWER = kinds.SUPPRESS_EMBEDS | kinds.SUPPRESS_NOTIFICATIONS | kinds.COMPONENTS_V2 | kinds.EPHEMERAL


ATTACHMENT = record(
    {"id": snowflake},
    {
        "filename": maybe(text(1, 1024)),
        "description": maybe(text(0, 1024)),
        "title": maybe(text(0, 1024)),
        "is_spoiler": maybe(boolean),
        "is_remix": maybe(boolean),
        "duration_secs": maybe(anything),
        "waveform": maybe(text(0, 400)),
        **dict.fromkeys(
            (
                "url",
                "proxy_url",
                "size",
                "width",
                "height",
                "content_type",
                "ephemeral",
                "flags",
                "placeholder",
                "placeholder_version",
            ),
            anything,
        ),
    },
)


def _no_clash(value: Any, path: Path, form: Form) -> None:
    for kind in ("users", "roles"):
        if kind in (value.get("parse") or []) and value.get(kind):
            form.wrong((*path, kind), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", f'parse:["{kind}"] and {kind} clash')


MENTIONS = both(
    record(
        {},
        {
            "parse": maybe(each(one_of("users", "roles", "everyone"))),
            "users": maybe(each(snowflake, 0, 100)),
            "roles": maybe(each(snowflake, 0, 100)),
            "replied_user": maybe(boolean),
        },
    ),
    _no_clash,
)


def _nonce(value: Any, path: Path, form: Form) -> None:
    (integer(-(2**63), 2**63 - 1) if isinstance(value, int) else text(0, 25))(value, path, form)


_REFERENCE = record(
    {"message_id": snowflake},
    {
        "type": maybe(one_of(0)),
        "guild_id": maybe(snowflake),
        "channel_id": maybe(snowflake),
        "fail_if_not_exists": maybe(boolean),
    },
)
_COMMON: dict[str, Check] = {
    "content": maybe(text(0, 2000)),
    "embeds": maybe(embeds),
    "allowed_mentions": maybe(MENTIONS),
    "attachments": maybe(each(ATTACHMENT, 0, MAX_FILES)),
    "components": anything,
    "tts": maybe(boolean),
    "flags": maybe(integer(0, 2**53 - 1)),
    # Of use only where a message is created; discord.js sends them with every body.
    "nonce": maybe(_nonce),
    "enforce_nonce": maybe(boolean),
}
_MORE: dict[Door, dict[str, Check]] = {
    Door.CREATE: {
        "message_reference": maybe(_REFERENCE),
        "sticker_ids": maybe(each(snowflake, 0, 0)),
    },
    Door.EDIT: {},
    Door.ANSWER: {"username": maybe(text(1, 80)), "avatar_url": maybe(text())},
}
_BODIES = {door: record({}, {**_COMMON, **more}) for door, more in _MORE.items()}


def check_message(body: Any, path: Path, form: Form, door: Door, *, version_2: bool = False) -> None:
    """A message body; `version_2` says that the message edited has version 2 components already."""
    _BODIES[door](body, path, form)
    if not isinstance(body, dict):
        return
    flags = body.get("flags")
    flags = flags if isinstance(flags, int) else 0
    if flags & ~door.value:
        form.wrong((*path, "flags"), "MESSAGE_FLAGS_NOT_ALLOWED", "These flags cannot be set here.")
    version_2 = version_2 or bool(flags & kinds.COMPONENTS_V2)
    if body.get("components") is not None:
        message_components(body["components"], (*path, "components"), form, version_2=version_2)
    if version_2:
        no_old_fields(body, path, form)


def no_old_fields(body: dict[str, Any], path: Path, form: Form) -> None:
    """Version 2 leaves no room for content and embeds."""
    for key in ("content", "embeds"):
        if body.get(key):
            message = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            form.wrong((*path, key), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)
