"""/history, /show, /remix and /reproduce: what was made before."""

import discord
from discord import app_commands
from discord.app_commands import Range

from bot import actions
from bot.commands.options import suggest_pictures
from bot.interaction import Interaction
from bot.paging import SEARCH_LENGTH, Query, open_history
from bot.remixing import open_remix
from bot.translator import words


@app_commands.command(description=words("commands.history"))
@app_commands.describe(user=words("commands.history_user"), search=words("commands.history_search"))
async def history(
    interaction: Interaction, user: discord.User | None = None, search: Range[str, 1, SEARCH_LENGTH] | None = None
) -> None:
    """Look through the pictures made here."""
    await open_history(interaction, Query(user_id=None if user is None else user.id, text=search or ""))


@app_commands.command(description=words("commands.show"))
@app_commands.describe(id=words("commands.picture"))
@app_commands.autocomplete(id=suggest_pictures)
async def show(interaction: Interaction, id: str) -> None:  # noqa: A002 - it is the option's name
    """Post a picture of the history."""
    await actions.show(interaction, id)


@app_commands.command(description=words("commands.remix"))
@app_commands.describe(id=words("commands.picture"))
@app_commands.autocomplete(id=suggest_pictures)
async def remix(interaction: Interaction, id: str) -> None:  # noqa: A002 - it is the option's name
    """Change a picture's words and settings, and draw it again."""
    await open_remix(interaction, id)


@app_commands.command(description=words("commands.reproduce"))
@app_commands.describe(id=words("commands.picture"))
@app_commands.autocomplete(id=suggest_pictures)
async def reproduce(interaction: Interaction, id: str) -> None:  # noqa: A002 - it is the option's name
    """Make a picture once more, and compare."""
    await actions.reproduce(interaction, id)
