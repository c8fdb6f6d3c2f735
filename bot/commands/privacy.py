"""/privacy: what is kept about a person."""

from discord import app_commands

from bot.interaction import Interaction, caller_of, think
from bot.translator import words
from bot.tree import whisper
from bot.views.privacy import overview_view
from config.words import say


@app_commands.command(description=words("commands.privacy"))
async def privacy(interaction: Interaction) -> None:
    """Show what is kept about the person, and how it can be had or deleted."""
    await think(interaction, ephemeral=True)
    studio, caller = interaction.client.studio, caller_of(interaction)
    counts, keep = await studio.privacy.overview(caller), studio.retention
    text = say(
        "people.privacy",
        locale=caller.locale,
        **counts,
        refused_words=keep.refused_words,
        case_words=keep.case_words,
        uploads_days=keep.uploads,
        conduct=keep.conduct,
    )
    publishes = await studio.privacy.publishes_prompts(caller)
    await whisper(interaction, text, view=overview_view(caller.locale, publishes=publishes))
