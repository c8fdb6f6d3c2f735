"""/outpaint and /blend: pictures continued, and pictures between pictures."""

from functools import partial

import discord
from discord import app_commands
from discord.app_commands import Range

from bot.admission import Ticket
from bot.aspects import ratio_of
from bot.caller import Caller
from bot.changing import BLEND_STRENGTH, Choose
from bot.commands.options import suggest_pictures
from bot.commands.prompts import suggest_aspects
from bot.framing import MOST_ZOOM, extended, widened, zoomed
from bot.interaction import Interaction
from bot.picking import source_of
from bot.translator import words
from config.words import UserError
from inference.request import SEEDS, SIDE

Pixels = Range[int, 0, SIDE[1]]


@app_commands.command(description=words("commands.outpaint"))
@app_commands.describe(
    picture=words("commands.picture"),
    upload=words("commands.upload"),
    left=words("commands.outpaint_side"),
    right=words("commands.outpaint_side"),
    up=words("commands.outpaint_side"),
    down=words("commands.outpaint_side"),
    aspect=words("commands.outpaint_aspect"),
    zoom=words("commands.outpaint_zoom"),
    prompt=words("commands.vary_prompt"),
    negative_prompt=words("commands.imagine_negative_prompt"),
    seed=words("commands.vary_seed"),
)
@app_commands.autocomplete(picture=suggest_pictures, aspect=suggest_aspects)
async def outpaint(
    interaction: Interaction,
    picture: str | None = None,
    upload: discord.Attachment | None = None,
    left: Pixels = 0,
    right: Pixels = 0,
    up: Pixels = 0,
    down: Pixels = 0,
    aspect: str | None = None,
    zoom: Range[float, 1.0, MOST_ZOOM] | None = None,
    prompt: str | None = None,
    negative_prompt: str | None = None,
    seed: Range[int, 0, SEEDS - 1] | None = None,
) -> None:
    """Continue a picture beyond its edges."""
    choose = _way((left, up, right, down), aspect, zoom)
    changing = interaction.client.studio.changing

    async def ask(caller: Caller) -> Ticket:
        source = await source_of(interaction, caller, picture, upload)
        return await changing.outpaint(
            caller, source, choose, prompt=prompt, negative_prompt=negative_prompt, seed=seed
        )

    await interaction.client.making.make(interaction, ask)


@app_commands.command(description=words("commands.blend"))
@app_commands.describe(
    picture_1=words("commands.blend_picture"),
    picture_2=words("commands.blend_picture"),
    picture_3=words("commands.blend_picture"),
    picture_4=words("commands.blend_picture"),
    upload_1=words("commands.blend_upload"),
    upload_2=words("commands.blend_upload"),
    upload_3=words("commands.blend_upload"),
    upload_4=words("commands.blend_upload"),
    prompt=words("commands.blend_prompt"),
    strength=words("commands.blend_strength"),
    seed=words("commands.vary_seed"),
)
@app_commands.autocomplete(
    picture_1=suggest_pictures, picture_2=suggest_pictures, picture_3=suggest_pictures, picture_4=suggest_pictures
)
async def blend(
    interaction: Interaction,
    picture_1: str | None = None,
    picture_2: str | None = None,
    picture_3: str | None = None,
    picture_4: str | None = None,
    upload_1: discord.Attachment | None = None,
    upload_2: discord.Attachment | None = None,
    upload_3: discord.Attachment | None = None,
    upload_4: discord.Attachment | None = None,
    prompt: str | None = None,
    strength: Range[float, 0.0, 1.0] = BLEND_STRENGTH,
    seed: Range[int, 0, SEEDS - 1] | None = None,
) -> None:
    """Draw what lies between two to four pictures."""
    pictures = [each for each in (picture_1, picture_2, picture_3, picture_4) if each is not None]
    uploads = [each for each in (upload_1, upload_2, upload_3, upload_4) if each is not None]
    changing = interaction.client.studio.changing

    async def ask(caller: Caller) -> Ticket:
        changing.check_blend(len(pictures) + len(uploads))
        sources = [await source_of(interaction, caller, each, None) for each in pictures]
        sources += [await source_of(interaction, caller, None, each) for each in uploads]
        return await changing.blend(caller, sources, prompt=prompt, strength=strength, seed=seed)

    await interaction.client.making.make(interaction, ask)


def _way(sides: tuple[int, int, int, int], aspect: str | None, zoom: float | None) -> Choose:
    """Return how the frame is chosen. Raises UserError unless there is exactly one way."""
    ways: list[Choose] = []
    if any(sides):
        left, top, right, bottom = sides
        ways.append(partial(extended, left=left, top=top, right=right, bottom=bottom))
    if aspect is not None:
        ways.append(partial(widened, ratio=ratio_of(aspect)))
    if zoom is not None:
        ways.append(partial(zoomed, factor=zoom))
    if len(ways) != 1:
        raise UserError("bot.outpaint_how")
    return ways[0]
