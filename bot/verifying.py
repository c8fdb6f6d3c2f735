"""Pictures brought for verification: as files, in a message, or by the link of one."""

import asyncio
import re
from collections.abc import Sequence

import aiohttp
import discord

from bot.downloads import download
from bot.interaction import Interaction, caller_of, locale_of, readable
from bot.letters import NOBODY
from bot.replies import CONTENT_LENGTH
from bot.tree import whisper
from bot.verdicts import verdict_text
from bot.wording import escape, shorten
from config.words import UserError, say

AT_ONCE = 4  # pictures of one message: as many as one of the bot's own has
FETCH_SECONDS = 20.0
LINK = re.compile(r"https?://[^/\s]+/channels/(?:@me|\d{1,20})/(\d{1,20})/(\d{1,20})/?")


async def verify_files(interaction: Interaction, uploads: Sequence[discord.Attachment]) -> None:
    """Tell the person what each file shows of its making, in a message of its own; of many, the first ones."""
    for number, upload in enumerate(uploads[:AT_ONCE]):
        lines = [*_heading(number, uploads, locale_of(interaction)), await _verdict(interaction, upload)]
        text = shorten("\n".join(lines), CONTENT_LENGTH)
        if number == 0:
            await whisper(interaction, text, allowed_mentions=NOBODY)
        else:
            await interaction.followup.send(text, ephemeral=True, allowed_mentions=NOBODY)


def pictures_in(message: discord.Message) -> list[discord.Attachment]:
    """Return the pictures that are attached to a message."""
    return [each for each in message.attachments if (each.content_type or "").startswith("image/")]


async def linked_message(interaction: Interaction, link: str) -> discord.Message:
    """Return the message behind a link. Raises UserError where the bot or the person may not read it."""
    match = LINK.fullmatch(link.strip())
    if match is None:
        raise UserError("verify.no_link")
    channel_id, message_id = int(match[1]), int(match[2])
    if not _may_read(interaction, channel_id):
        raise UserError("verify.not_readable")
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            return await interaction.client.get_partial_messageable(channel_id).fetch_message(message_id)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        raise UserError("verify.not_readable") from error


def _may_read(interaction: Interaction, channel_id: int) -> bool:
    """Say whether the person may read a place: one of the guild that they are in now, or these direct messages."""
    if interaction.guild_id is None:
        return channel_id == interaction.channel_id
    return channel_id in readable(interaction)


def _heading(number: int, uploads: Sequence[discord.Attachment], locale: str) -> list[str]:
    """Return which of several files is spoken of."""
    many = number == 0 and len(uploads) > AT_ONCE
    lines = [say("verify.first_of", locale=locale, total=len(uploads), count=AT_ONCE)] if many else []
    if len(uploads) > 1:
        lines.append(say("verify.heading", locale=locale, filename=escape(uploads[number].filename)))
    return lines


async def _verdict(interaction: Interaction, upload: discord.Attachment) -> str:
    """Return what was found out about a file, or why it could not be read: there may be others beside it."""
    studio, caller = interaction.client.studio, caller_of(interaction)
    try:
        data = await download(upload, studio.limits.upload_bytes)
        return verdict_text(await studio.verification.verify(caller, data), caller.locale)
    except UserError as error:
        return error.sentence(caller.locale)
