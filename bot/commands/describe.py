"""/describe: a picture in words."""

import discord
from discord import app_commands

from bot.commands.options import suggest_pictures
from bot.descriptions import description_embed, description_view
from bot.interaction import Interaction, caller_of, locale_of, think
from bot.picking import source_of
from bot.translator import words
from bot.tree import whisper
from config.words import UserError


@app_commands.command(description=words("commands.describe"))
@app_commands.describe(picture=words("commands.picture"), upload=words("commands.upload"))
@app_commands.autocomplete(picture=suggest_pictures)
async def describe(
    interaction: Interaction, picture: str | None = None, upload: discord.Attachment | None = None
) -> None:
    """Put a picture into words, for the person alone."""
    await think(interaction, ephemeral=True)
    describing, caller, locale = interaction.client.studio.describing, caller_of(interaction), locale_of(interaction)
    if describing is None:  # the command is still known from before a restart
        raise UserError("describe.not_here")
    found = await describing.describe(caller, await source_of(interaction, caller, picture, upload))
    await whisper(interaction, "", embed=description_embed(found, locale), view=description_view(locale))
