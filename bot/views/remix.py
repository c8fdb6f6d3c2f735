"""The modal in which a picture's words and settings can be changed."""

from typing import Any

import discord
from discord import ui

from bot.views.button import PREFIX
from config.words import say
from inference.request import PROMPT_LENGTH, ImageRequest

REMIX = f"{PREFIX}remix:"
SEED_LENGTH = 20
SETTINGS_LENGTH = 1_000


def remix_modal(record_id: str, request: ImageRequest, settings: str, locale: str) -> ui.Modal:
    """Return the modal, filled in with what made the picture."""
    modal = ui.Modal(title=say("bot.remix_title", locale=locale, id=record_id), custom_id=f"{REMIX}{record_id}")
    for name, label, value, length in (
        ("prompt", "bot.remix_prompt", request.prompt, PROMPT_LENGTH),
        ("negative_prompt", "bot.remix_negative_prompt", request.negative_prompt, PROMPT_LENGTH),
        ("seed", "bot.remix_seed", str(request.seed), SEED_LENGTH),
        ("settings", "bot.remix_settings", settings, SETTINGS_LENGTH),
    ):
        style = discord.TextStyle.short if name == "seed" else discord.TextStyle.paragraph
        field: ui.TextInput[Any] = ui.TextInput(
            custom_id=name, style=style, default=value, required=False, max_length=length
        )
        modal.add_item(ui.Label(text=say(label, locale=locale), component=field))
    return modal
