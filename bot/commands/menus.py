"""The menus of a message: start from, enlarge and look at the pictures in it."""

from collections.abc import Awaitable, Callable

import discord
from discord import app_commands

from bot import actions
from bot.admission import Ticket
from bot.caller import Caller
from bot.changing import Changing
from bot.interaction import Interaction, Press, locale_of, think
from bot.picking import records_of, source_of
from bot.starting import use_as_source
from bot.translator import words
from bot.tree import whisper
from bot.views.buttons import choice_view
from bot.wishes import Source
from config.words import UserError, say

Use = Callable[[Changing, Caller, Source], Awaitable[Ticket]]


@app_commands.context_menu(name=words("commands.menu_source"))
async def source(interaction: Interaction, message: discord.Message) -> None:
    """Start from a picture of the message."""
    await use_as_source(interaction, message)


@app_commands.context_menu(name=words("commands.menu_upscale"))
async def upscale(interaction: Interaction, message: discord.Message) -> None:
    """Enlarge a picture of the message."""
    await _use(interaction, message, "upscale", Changing.upscale)


@app_commands.context_menu(name=words("commands.menu_details"))
async def details(interaction: Interaction, message: discord.Message) -> None:
    """Tell what made a picture of the message."""
    if not await _press(interaction, message, "details", actions.details):
        raise UserError("bot.not_made_here")


async def _use(interaction: Interaction, message: discord.Message, action: str, use: Use) -> None:
    """Start from a picture of the history if the message shows one, else from the message's own first picture."""
    if await _press(interaction, message, action, actions.PRESSES[action]):
        return
    upload = next((each for each in message.attachments if (each.content_type or "").startswith("image/")), None)
    if upload is None:
        raise UserError("bot.no_picture_in_message")

    async def ask(caller: Caller) -> Ticket:
        return await use(interaction.client.studio.changing, caller, await source_of(interaction, caller, None, upload))

    await interaction.client.making.make(interaction, ask)


async def _press(interaction: Interaction, message: discord.Message, action: str, press: Press) -> bool:
    """Do the action upon the message's picture, or let the person choose among several; False if it shows none."""
    await think(interaction, ephemeral=action == "details")
    async with interaction.client.studio.turns:
        records = await records_of(interaction, message)
    if len(records) == 1:
        await press(interaction, records[0].id)
    elif records:
        locale = locale_of(interaction)
        await whisper(interaction, say("bot.which_of_these", locale=locale), view=choice_view(action, records, locale))
    return bool(records)
