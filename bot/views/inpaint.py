"""The modal that asks what to draw anew and where, and the link to the page on which the place is painted."""

from typing import Any

import discord
from discord import ui

from bot.views.button import PREFIX
from config.words import say
from inference.request import PROMPT_LENGTH

INPAINT = f"{PREFIX}inpaint:"
REGION_LENGTH = 200


def inpaint_modal(record_id: str, prompt: str, locale: str, *, paints: bool) -> ui.Modal:
    """Return the modal; where a page for it is there, the place need not be said: it can be painted."""
    modal = ui.Modal(title=say("bot.inpaint_title", locale=locale, id=record_id), custom_id=f"{INPAINT}{record_id}")
    region = say("bot.inpaint_region_or_paint" if paints else "bot.inpaint_region", locale=locale)
    for name, label, value, length in (
        ("prompt", say("bot.inpaint_prompt", locale=locale), prompt, PROMPT_LENGTH),
        ("region", region, "", REGION_LENGTH),
        ("negative_prompt", say("bot.remix_negative_prompt", locale=locale), "", PROMPT_LENGTH),
    ):
        style = discord.TextStyle.short if name == "region" else discord.TextStyle.paragraph
        field: ui.TextInput[Any] = ui.TextInput(
            custom_id=name,
            style=style,
            default=value,
            required=name == "region" and not paints,
            max_length=length,
        )
        modal.add_item(ui.Label(text=label, component=field))
    return modal


def painting_view(address: str, locale: str) -> ui.View:
    """Return the button that opens the page."""
    view = ui.View(timeout=None)
    view.add_item(ui.Button(label=say("buttons.paint", locale=locale), url=address))
    return view
