"""A picture of any message as the start of another: chosen by the menu, described in a modal."""

import discord
from discord import InteractionResponseType

from bot.admission import Ticket
from bot.caller import Caller
from bot.downloads import download
from bot.interaction import Interaction, answer, caller_of, check_place, locale_of
from bot.picking import records_of
from bot.views.button import ActionButton, view_of
from bot.views.change import source_modal
from bot.wishes import Source
from config.words import UserError, say

MOST = 25  # buttons under a message


async def use_as_source(interaction: Interaction, message: discord.Message) -> None:
    """Ask what is to be made from a message's picture; of several, let the person choose one first."""
    records = await records_of(interaction, message)
    pictures = [each.id for each in records] or [f"{message.id}-{index}" for index in images_of(message)]
    if not pictures:
        raise UserError("bot.no_picture_in_message")
    if len(pictures) == 1:
        await ask_for_words(interaction, pictures[0])
        return
    locale = locale_of(interaction)
    label = say("buttons.source", locale=locale)
    buttons = [ActionButton("source", each, f"{label} {number}") for number, each in enumerate(pictures[:MOST], 1)]
    view = view_of([buttons[start : start + 5] for start in range(0, len(buttons), 5)])
    text = say("bot.which_of_these", locale=locale)
    kind = InteractionResponseType.channel_message
    await answer(interaction, kind, lambda: interaction.response.send_message(text, view=view, ephemeral=True))


async def ask_for_words(interaction: Interaction, picture: str) -> None:
    """Show the modal; `picture` is a record's id, or a message's id and the number of the file in it."""
    prompt = ""
    if "-" not in picture:
        prompt = (await interaction.client.studio.gallery.origin(caller_of(interaction), picture)).prompt
    modal = source_modal(picture, prompt, locale_of(interaction))
    modal.stop()  # not waited for: whatever comes of it arrives at `start_from`, after a restart too
    await answer(interaction, InteractionResponseType.modal, lambda: interaction.response.send_modal(modal))


async def start_from(interaction: Interaction, picture: str, fields: dict[str, str]) -> None:
    """Make what the filled-in modal asks for."""
    studio = interaction.client.studio
    prompt, negative_prompt = fields["prompt"], fields["negative_prompt"]
    strength = fields["strength"].strip() or "strong"

    async def ask(caller: Caller) -> Ticket:
        source = await _source(interaction, caller, picture)
        return await studio.changing.vary(
            caller, source, strength=strength, prompt=prompt, negative_prompt=negative_prompt
        )

    await interaction.client.making.make(interaction, ask)


def images_of(message: discord.Message) -> list[int]:
    """Return the numbers of the message's files that are pictures."""
    kinds = (each.content_type or "" for each in message.attachments)
    return [index for index, kind in enumerate(kinds) if kind.startswith("image/")]


async def _source(interaction: Interaction, caller: Caller, picture: str) -> Source:
    studio = interaction.client.studio
    if "-" not in picture:
        return await studio.sources.of_record(caller, picture)
    message_id, _, index = picture.partition("-")
    attachment = await _attachment(interaction, int(message_id), int(index))
    return await studio.sources.of_upload(caller, await download(attachment, studio.limits.upload_bytes))


async def _attachment(interaction: Interaction, message_id: int, index: int) -> discord.Attachment:
    """Return a file of a message of this channel, as it is now."""
    channel = interaction.client.get_partial_messageable(check_place(interaction), guild_id=interaction.guild_id)
    try:
        message = await channel.fetch_message(message_id)
    except (discord.NotFound, discord.Forbidden) as error:
        raise UserError("bot.source_out_of_reach") from error
    if index >= len(message.attachments):
        raise UserError("bot.source_out_of_reach")
    return message.attachments[index]
