"""A description as people see it, and the picture that it asks for."""

import discord
from discord import ui

from bot.interaction import Interaction
from bot.views.button import ActionButton
from bot.views.buttons import PRIMARY
from bot.wishes import Wish
from config.words import UserError, say


def description_embed(words: str, locale: str) -> discord.Embed:
    """Return the words; the button under them reads them from here, so that it works after a restart."""
    return discord.Embed(title=say("describe.title", locale=locale), description=words)


def description_view(locale: str) -> ui.View:
    """Return the button that draws what the description says."""
    view = ui.View(timeout=None)
    view.add_item(ActionButton("imagine", "", say("buttons.imagine_this", locale=locale), PRIMARY))
    return view


async def draw_description(interaction: Interaction, _: str) -> None:
    """Draw what the description says that the button stands under."""
    embeds = [] if interaction.message is None else interaction.message.embeds
    if not embeds or not embeds[0].description:
        raise UserError("bot.unknown_button")
    wish, studio = Wish(prompt=embeds[0].description), interaction.client.studio
    await interaction.client.making.make(interaction, lambda caller: studio.drawing.imagine(caller, wish))
