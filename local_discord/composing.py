"""Filling a message from a request's body and files; nothing changes when anything in them is wrong."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from local_discord.attachments import Attachment, Attachments, Upload, safe_name
from local_discord.errors import Form, Path, empty_message
from local_discord.guild import Json
from local_discord.limits import kinds
from local_discord.limits.messages import MAX_FILES, no_old_fields
from local_discord.mentions import set_mentions
from local_discord.messages import Message
from local_discord.rendering import SCHEME, references, settle
from local_discord.snowflake import parse
from local_discord.world import World

_SETTABLE = kinds.SUPPRESS_EMBEDS | kinds.SUPPRESS_NOTIFICATIONS | kinds.COMPONENTS_V2


class Composer:
    """Turns checked bodies into messages."""

    def __init__(self, world: World, files: Attachments) -> None:
        self._world = world
        self._files = files

    def fill(self, message: Message, body: Json, uploads: Sequence[Upload], path: Path = ()) -> None:
        """Apply the body's keys to a message, new or old.

        Raises 50035 for what the body cannot be in this message, 50006 when nothing would be left to show.
        """
        draft = _apply(message, body)
        dropped = self._attach(draft, body, uploads, path)
        try:
            _check(draft, path)
        except Exception:
            before = {file.id for file in message.attachments}
            for file in draft.attachments:
                if file.id not in before:
                    self._files.forget(file)
            raise
        for file in dropped:
            self._files.forget(file)
        set_mentions(draft, body.get("allowed_mentions"), self._world)
        vars(message).update(vars(draft))

    def _attach(self, draft: Message, body: Json, uploads: Sequence[Upload], path: Path) -> list[Attachment]:
        """Settle the draft's attachments; the ones it no longer holds are returned."""
        told = body.get("attachments")
        described = {parse(item["id"]): item for item in told or []}
        before = draft.attachments
        kept = before if told is None else [_redescribed(file, described) for file in before if file.id in described]
        known = {file.id for file in before} | {upload.index for upload in uploads}
        form = Form()
        for index, item in enumerate(told or []):
            if parse(item["id"]) not in known:
                message = "This attachment is neither on the message nor among the files"
                form.wrong((*path, "attachments", index, "id"), "ATTACHMENT_NOT_FOUND", message)
        if len(kept) + len(uploads) > MAX_FILES:
            form.wrong((*path, "attachments"), "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_FILES} or fewer in length.")
        form.finish()
        fresh = [self._keep(draft, upload, described.get(upload.index, {})) for upload in uploads]
        draft.attachments = [*kept, *fresh]
        held = {file.id for file in draft.attachments}
        return [file for file in before if file.id not in held]

    def _keep(self, draft: Message, upload: Upload, told: Json) -> Attachment:
        return self._files.keep(self._world.ids.make(), draft.channel.id, upload, told)


def _apply(message: Message, body: Json) -> Message:
    draft = replace(message)
    if "content" in body:
        draft.content = (body["content"] or "").strip()
    if "embeds" in body:
        draft.embeds = [_clean(embed) for embed in body["embeds"] or []]
    if "components" in body:
        draft.components = settle(_clean(body["components"] or []))
    if body.get("flags") is not None:
        draft.flags = _flags(message.flags, body["flags"])
    draft.tts = bool(body.get("tts", draft.tts))
    return draft


def _flags(before: int, told: int) -> int:
    """The settable flags as told, the others as before; version 2 never goes away."""
    return told & _SETTABLE | before & ~_SETTABLE | before & kinds.COMPONENTS_V2


def _clean(item: Any) -> Any:
    """A copy whose `attachment://` names are written as the store writes file names."""
    if isinstance(item, list):
        return [_clean(inner) for inner in item]
    if isinstance(item, dict):
        return {key: _clean(value) for key, value in item.items()}
    if isinstance(item, str) and item.startswith(SCHEME):
        return SCHEME + safe_name(item.removeprefix(SCHEME))
    return item


def _redescribed(file: Attachment, described: dict[int | None, Json]) -> Attachment:
    told = described[file.id]
    return replace(file, description=told["description"]) if "description" in told else file


def _check(draft: Message, path: Path) -> None:
    form = Form()
    if draft.version_2:
        no_old_fields({"content": draft.content, "embeds": draft.embeds}, path, form)
    missing = references(draft.components) - {file.filename for file in draft.attachments}
    for name in sorted(missing):
        message = f'The attachment "{name}" is not among the message\'s files'
        form.wrong((*path, "components"), "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", message)
    form.finish()
    if draft.empty:
        raise empty_message()
