"""/sharing and /lineage: whose pictures others may go on from, and what was made from what."""

from discord import app_commands
from discord.app_commands import Choice

from bot.commands.options import suggest_pictures
from bot.family import show_family
from bot.interaction import Interaction, think
from bot.keeping import share_new, share_one
from bot.translator import words
from db.tables.record import Sharing


@app_commands.command(description=words("commands.sharing"))
@app_commands.describe(others=words("commands.sharing_others"), picture=words("commands.sharing_picture"))
@app_commands.choices(others=[Choice(name=each.value, value=each.value) for each in Sharing])
@app_commands.autocomplete(picture=suggest_pictures)
async def sharing(interaction: Interaction, others: str, picture: str | None = None) -> None:
    """Say what others may do with one of the person's pictures, or with all that come."""
    await think(interaction, ephemeral=True)
    if picture is None:
        await share_new(interaction, Sharing(others))
    else:
        await share_one(interaction, picture, Sharing(others))


@app_commands.command(description=words("commands.lineage"))
@app_commands.describe(picture=words("commands.picture"))
@app_commands.autocomplete(picture=suggest_pictures)
async def lineage(interaction: Interaction, picture: str) -> None:
    """Show a picture's family."""
    await show_family(interaction, picture)
