"""/vary and /upscale: new pictures from old ones."""

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.admission import Ticket
from bot.caller import Caller
from bot.commands.options import suggest_pictures, suggest_strengths
from bot.interaction import Interaction
from bot.picking import source_of
from bot.translator import words
from inference.request import FACTORS, SEEDS

BY = {"picture": "commands.vary_by_picture", "seed": "commands.vary_by_seed"}


@app_commands.command(description=words("commands.vary"))
@app_commands.describe(
    picture=words("commands.picture"),
    upload=words("commands.upload"),
    strength=words("commands.vary_strength"),
    prompt=words("commands.vary_prompt"),
    seed=words("commands.vary_seed"),
    by=words("commands.vary_by"),
)
@app_commands.autocomplete(picture=suggest_pictures, strength=suggest_strengths)
@app_commands.choices(by=[Choice(name=words(key), value=value) for value, key in BY.items()])
async def vary(
    interaction: Interaction,
    picture: str | None = None,
    upload: discord.Attachment | None = None,
    strength: str = "subtle",
    prompt: str | None = None,
    seed: Range[int, 0, SEEDS - 1] | None = None,
    by: str = "picture",
) -> None:
    """Make a new picture from an old one."""
    changing = interaction.client.studio.changing

    async def ask(caller: Caller) -> Ticket:
        source = await source_of(interaction, caller, picture, upload)
        vary_it = changing.vary if by == "picture" else changing.vary_by_seed
        return await vary_it(caller, source, strength=strength, prompt=prompt, seed=seed)

    await interaction.client.making.make(interaction, ask)


@app_commands.command(description=words("commands.upscale"))
@app_commands.describe(
    picture=words("commands.picture"), upload=words("commands.upload"), factor=words("commands.upscale_factor")
)
@app_commands.autocomplete(picture=suggest_pictures)
@app_commands.choices(factor=[Choice(name=str(factor), value=factor) for factor in FACTORS])
async def upscale(
    interaction: Interaction,
    picture: str | None = None,
    upload: discord.Attachment | None = None,
    factor: int = 2,
) -> None:
    """Make a picture larger and sharper."""

    async def ask(caller: Caller) -> Ticket:
        source = await source_of(interaction, caller, picture, upload)
        return await interaction.client.studio.changing.upscale(caller, source, factor=factor)

    await interaction.client.making.make(interaction, ask)
