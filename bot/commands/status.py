"""/status: how the bot is doing, as a chart for moderators."""

import io

import discord
from discord import app_commands

from bot.interaction import Interaction, caller_of, think
from bot.replies import ALT_LENGTH
from bot.status_lines import sheet_of, status_alt
from bot.translator import words
from bot.tree import whisper
from bot.wording import shorten


@app_commands.command(description=words("commands.status"))
@app_commands.default_permissions(manage_messages=True)
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
async def status(interaction: Interaction) -> None:
    """Draw what draws, what waits, and this guild's part of it."""
    await think(interaction, ephemeral=True)
    report, caller = interaction.client.studio.status, caller_of(interaction)
    sheet = sheet_of(await report.of(caller), caller.locale)
    alt = shorten(status_alt(sheet, caller.locale), ALT_LENGTH)
    file = discord.File(io.BytesIO(await report.picture(sheet)), "status.png", description=alt)
    await whisper(interaction, alt, attachments=[file])
