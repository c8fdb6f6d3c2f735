"""/license and /help: the rules, and what there is."""

from discord import app_commands
from discord.utils import MISSING

from bot.interaction import Interaction, locale_of, think
from bot.replies import licence_embed
from bot.translator import words
from bot.tree import whisper
from bot.views.buttons import accept_view
from config.words import say


@app_commands.command(description=words("commands.license"))
async def license(interaction: Interaction) -> None:  # noqa: A001 - it is the command's name
    """Show the use restrictions, and whether the person has accepted them."""
    await think(interaction, ephemeral=True)
    locale = locale_of(interaction)
    policy = interaction.client.studio.policy.in_guild(interaction.guild_id)
    accepted = await interaction.client.making.has_accepted(interaction.user.id)
    await whisper(
        interaction,
        say("bot.licence_accepted" if accepted else "bot.licence_open", locale=locale),
        embed=licence_embed(policy, locale),
        view=MISSING if accepted else accept_view(policy.version, locale),
    )


@app_commands.command(description=words("commands.help"))
async def help(interaction: Interaction) -> None:  # noqa: A001 - it is the command's name
    """Say what the bot can do and how to begin."""
    await whisper(interaction, say("bot.help", locale=locale_of(interaction)))
