"""/queue and /cancel: what waits, and how to stop waiting."""

from discord import app_commands
from discord.utils import MISSING

from bot.interaction import Interaction, caller_of, locale_of, think
from bot.replies import queue_text
from bot.translator import words
from bot.tree import whisper
from bot.views.buttons import cancel_view
from config.words import UserError, say

BUTTONS = 5  # as many as a row holds


@app_commands.command(description=words("commands.queue"))
async def queue(interaction: Interaction) -> None:
    """Say how long the queue is, and where the person's jobs stand in it."""
    await think(interaction, ephemeral=True)
    state, locale = await interaction.client.studio.queue(caller_of(interaction)), locale_of(interaction)
    mine = [ticket.job.id for ticket in state.mine]
    view = cancel_view(mine[:BUTTONS], locale) if mine else MISSING
    await whisper(interaction, queue_text(state, locale), view=view)


@app_commands.command(description=words("commands.cancel"))
async def cancel(interaction: Interaction) -> None:
    """Cancel all that the person has waiting or running."""
    await think(interaction, ephemeral=True)
    count = await interaction.client.studio.cancel(caller_of(interaction))
    if not count:
        raise UserError("bot.nothing_to_cancel")
    await whisper(interaction, say("bot.cancelled", locale=locale_of(interaction), count=count))
