"""/appeal and /report: what people put before the moderators."""

import discord
from discord import app_commands

from bot.commands.options import suggest_pictures
from bot.interaction import Interaction, locale_of
from bot.picking import records_of
from bot.reviewing import ask_appeal, ask_report
from bot.translator import words
from bot.tree import whisper
from bot.views.buttons import choice_view
from config.words import UserError, say


@app_commands.command(description=words("commands.appeal"))
async def appeal(interaction: Interaction) -> None:
    """Ask the moderators to take back a strike or a ban."""
    await ask_appeal(interaction)


@app_commands.command(description=words("commands.report"))
@app_commands.describe(id=words("commands.picture"))
@app_commands.autocomplete(id=suggest_pictures)
async def report(interaction: Interaction, id: str) -> None:  # noqa: A002 - it is the option's name
    """Ask the moderators to look at a picture."""
    await ask_report(interaction, id)


@app_commands.context_menu(name=words("commands.menu_report"))
async def report_menu(interaction: Interaction, message: discord.Message) -> None:
    """Report a picture of the message; of several, the person chooses."""
    records = await records_of(interaction, message)
    if not records:
        raise UserError("bot.not_made_here")
    if len(records) == 1:
        await ask_report(interaction, records[0].id)
        return
    locale = locale_of(interaction)
    await whisper(interaction, say("bot.which_of_these", locale=locale), view=choice_view("report", records, locale))
