"""Which pictures somebody means."""

import discord

from bot.caller import Caller
from bot.downloads import download
from bot.interaction import Interaction, caller_of
from bot.letters import SPOILER
from bot.wishes import Source
from config.words import UserError
from db.tables.record import Record


async def source_of(
    interaction: Interaction, caller: Caller, picture: str | None, upload: discord.Attachment | None
) -> Source:
    """Return the picture to start from: one of the history by its id, or the person's own file."""
    studio = interaction.client.studio
    if picture is not None and upload is not None:
        raise UserError("bot.one_picture_only")
    if upload is not None:
        return await studio.sources.of_upload(caller, await download(upload, studio.limits.upload_bytes))
    if picture is not None:
        return await studio.sources.of_record(caller, picture)
    raise UserError("bot.which_picture")


async def records_of(interaction: Interaction, message: discord.Message) -> list[Record]:
    """Return the records that a message shows and the caller may see."""
    studio, caller = interaction.client.studio, caller_of(interaction)
    known = await studio.gallery.history.by_message(message.id)
    if not known and message.author.id == interaction.application_id:
        names = (
            attachment.filename.removeprefix(SPOILER).removeprefix("imagine-").partition(".")[0]
            for attachment in message.attachments
        )
        known = [found for name in names if (found := await studio.gallery.history.get(name)) is not None]
    return [await studio.gallery.record(caller, each.id) for each in known if each.is_there]
