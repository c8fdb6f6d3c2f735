"""/upscale where there are several ways to enlarge."""

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.admission import Ticket
from bot.caller import Caller
from bot.commands.options import NAME_LENGTH, Suggestions, suggest_pictures
from bot.enlarging import REDRAWING
from bot.interaction import Interaction, locale_of
from bot.picking import source_of
from bot.translator import words
from bot.wording import shorten
from config.words import say
from inference.request import FACTORS


async def suggest_methods(interaction: Interaction, typed: str) -> Suggestions:
    """Suggest the ways to enlarge, the usual one first."""
    upscalers = interaction.client.studio.catalogue.upscalers.values()
    own = say("bot.method_redrawing", locale=locale_of(interaction))
    ways = [(REDRAWING, own), *((each.name, f"{each.title}, {each.factor}×") for each in upscalers)]
    return [
        Choice(name=shorten(label, NAME_LENGTH), value=name)
        for name, label in ways
        if typed.casefold() in f"{name} {label}".casefold()
    ]


@app_commands.command(description=words("commands.upscale"))
@app_commands.describe(
    picture=words("commands.picture"),
    upload=words("commands.upload"),
    factor=words("commands.upscale_factor"),
    method=words("commands.upscale_method"),
)
@app_commands.autocomplete(picture=suggest_pictures, method=suggest_methods)
@app_commands.choices(factor=[Choice(name=str(factor), value=factor) for factor in FACTORS])
async def upscale(
    interaction: Interaction,
    picture: str | None = None,
    upload: discord.Attachment | None = None,
    factor: int | None = None,
    method: str | None = None,
) -> None:
    """Make a picture larger and sharper, in the way that is chosen."""

    async def ask(caller: Caller) -> Ticket:
        source = await source_of(interaction, caller, picture, upload)
        return await interaction.client.studio.changing.upscale(caller, source, factor=factor, method=method)

    await interaction.client.making.make(interaction, ask)
