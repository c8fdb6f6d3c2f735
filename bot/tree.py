"""The one gate of every interaction, and the one place where errors become words."""

import logging
from collections.abc import Awaitable
from secrets import token_hex
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.interaction import Host, Interaction, answer, check_place, locale_of, thinks_in_private
from config.words import UserError, say
from db.errors import is_away

TOO_LATE = 10062  # Discord forgot the interaction: more than three seconds went by
LOST_TOKEN = 50027
#: Commands, buttons and modals that serve people who are shut out, too, by what `_name_of` calls them.
OPEN_TO_ALL = {"appeal", "privacy", "license", "help", "imagine:appeal", "imagine:export", "imagine:erase"}

log = logging.getLogger(__name__)


class Tree(app_commands.CommandTree[Host]):
    """The commands; every one of them, and every button and modal, passes `interaction_check`."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Let in what can be answered; say why not to the rest."""
        try:
            channel_id = check_place(interaction)
            if _name_of(interaction) not in OPEN_TO_ALL:
                interaction.client.studio.discipline.check(interaction.user.id, interaction.guild_id)
        except UserError as error:
            if interaction.type is not discord.InteractionType.autocomplete:
                await explain(interaction, error)
            return False
        if interaction.type is discord.InteractionType.autocomplete:
            return True
        log.info("user %s in channel %s: %s", interaction.user.id, channel_id, _name_of(interaction))
        return True

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Answer a command that failed."""
        await explain(interaction, error)


async def attend(interaction: Interaction, work: Awaitable[None]) -> None:
    """Do what a button or a modal asks for, by the gate and the errors of the commands."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 - this is the place where every error becomes words
        await explain(interaction, error)


async def explain(interaction: Interaction, error: BaseException) -> None:
    """Tell the person, and nobody else, what went wrong."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    if isinstance(cause, discord.HTTPException) and cause.code in (TOO_LATE, LOST_TOKEN):
        log.warning("interaction %s: too late to answer: %s", interaction.id, cause)
        return
    try:
        await whisper(interaction, _sentence(interaction, cause))
    except (discord.HTTPException, aiohttp.ClientError, OSError) as failure:
        log.warning("interaction %s: its error could not be told: %s", interaction.id, failure)


async def whisper(interaction: Interaction, text: str, **message: Any) -> discord.WebhookMessage | None:
    """Answer so that only the person sees it, whatever was answered so far; return the message if it is a new one."""
    if not interaction.response.is_done():
        send = interaction.response.send_message
        kind = discord.InteractionResponseType.channel_message
        await answer(interaction, kind, lambda: send(text, ephemeral=True, **message))
        return None
    if thinks_in_private(interaction):
        await interaction.edit_original_response(content=text, **message)
        return None
    if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
        await interaction.delete_original_response()  # a public "thinking…" cannot be made private
    return await interaction.followup.send(text, ephemeral=True, wait=True, **message)


def _sentence(interaction: Interaction, cause: BaseException) -> str:
    locale = locale_of(interaction)
    match cause:
        case UserError():
            return cause.sentence(locale)
        case app_commands.TransformerError():
            return say("bot.option_unreadable", locale=locale, given=str(cause.value)[:100])
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return say("bot.commands_changed", locale=locale)
    if is_away(cause):
        log.warning("interaction %s: the database is away: %r", interaction.id, getattr(cause, "orig", cause))
        return say("bot.database_away", locale=locale)
    reference = token_hex(4)
    log.error("reference %s: %s failed", reference, _name_of(interaction), exc_info=cause)
    return say("bot.something_went_wrong", locale=locale, reference=reference)


def _name_of(interaction: Interaction) -> str:
    """Return the command's name or the button's kind; its argument may hold words that are nobody's business."""
    data: Any = interaction.data or {}
    return str(data.get("name") or ":".join(data.get("custom_id", "").split(":")[:2]))
