"""/inpaint: a part of a picture drawn anew."""

import discord
from discord import app_commands
from discord.app_commands import Range

from bot.commands.options import suggest_pictures, suggest_regions, suggest_strengths
from bot.inpainting import Edit, inpaint, original_of, way_to_mask
from bot.interaction import Interaction, think
from bot.translator import words
from inference.request import SEEDS


@app_commands.command(name="inpaint", description=words("commands.inpaint"))
@app_commands.describe(
    prompt=words("commands.inpaint_prompt"),
    picture=words("commands.picture"),
    upload=words("commands.upload"),
    region=words("commands.inpaint_region"),
    mask=words("commands.inpaint_mask"),
    negative_prompt=words("commands.imagine_negative_prompt"),
    strength=words("commands.inpaint_strength"),
    seed=words("commands.vary_seed"),
)
@app_commands.autocomplete(picture=suggest_pictures, region=suggest_regions, strength=suggest_strengths)
async def inpaint_command(
    interaction: Interaction,
    prompt: str,
    picture: str | None = None,
    upload: discord.Attachment | None = None,
    region: str | None = None,
    mask: discord.Attachment | None = None,
    negative_prompt: str = "",
    strength: str | None = None,
    seed: Range[int, 0, SEEDS - 1] | None = None,
) -> None:
    """Draw a part of a picture anew."""
    await think(interaction)
    original = await original_of(interaction, picture, upload)
    edit = Edit(prompt=prompt, negative_prompt=negative_prompt, strength=strength, seed=seed)
    way = way_to_mask(interaction, region=region, file=mask, upload=original.upload)
    await inpaint(interaction, original, edit, way)
