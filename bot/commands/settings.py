"""/settings: what a person draws with where they leave something open; with `server`, what a server does."""

from discord import app_commands

from bot.interaction import Interaction
from bot.setting import open_settings
from bot.translator import words


@app_commands.command(description=words("commands.settings"))
@app_commands.describe(server=words("commands.settings_server"))
async def settings(interaction: Interaction, server: bool = False) -> None:
    """Show the settings, to be changed in place."""
    await open_settings(interaction, for_guild=server)
