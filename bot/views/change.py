"""The buttons that change one picture, and the modal of what starts from it."""

from typing import Any

import discord
from discord import ui

from bot.framing import Side
from bot.views.button import PREFIX, ActionButton, view_of
from config.words import say
from db.tables.record import Record
from inference.request import PROMPT_LENGTH

ZOOMS = ("1.5", "2")
PANS = {
    Side.LEFT: "buttons.pan_left",
    Side.RIGHT: "buttons.pan_right",
    Side.UP: "buttons.pan_up",
    Side.DOWN: "buttons.pan_down",
}
STRENGTH_LENGTH = 20

Rows = list[list[ActionButton]]


def change_rows(record: Record, locale: str) -> Rows:
    """Return the rows of buttons that change a picture."""
    first = [
        ActionButton("vary", record.id, say("buttons.vary", locale=locale)),
        ActionButton("strong", record.id, say("buttons.strong", locale=locale)),
        ActionButton("upscale", record.id, say("buttons.upscale", locale=locale)),
        ActionButton("inpaint", record.id, say("buttons.inpaint", locale=locale)),
    ]
    zooms = [
        ActionButton("zoom", f"{factor}:{record.id}", say("buttons.zoom", locale=locale, factor=factor))
        for factor in ZOOMS
    ]
    if record.width != record.height:
        zooms.append(ActionButton("square", record.id, say("buttons.square", locale=locale)))
    pans = [ActionButton("pan", f"{side}:{record.id}", say(key, locale=locale)) for side, key in PANS.items()]
    return [first, zooms, pans]


def change_view(record: Record, locale: str) -> ui.View:
    """Return the buttons that change a picture, alone."""
    return view_of(change_rows(record, locale))


def source_modal(argument: str, prompt: str, locale: str) -> ui.Modal:
    """Return the modal that asks what is to be made from a picture; `argument` says which one that is."""
    modal = ui.Modal(title=say("bot.source_title", locale=locale), custom_id=f"{PREFIX}source:{argument}")
    paragraph, short = discord.TextStyle.paragraph, discord.TextStyle.short
    for name, label, value, length, style in (
        ("prompt", "bot.source_prompt", prompt, PROMPT_LENGTH, paragraph),
        ("negative_prompt", "bot.source_negative_prompt", "", PROMPT_LENGTH, paragraph),
        ("strength", "bot.source_strength", "strong", STRENGTH_LENGTH, short),
    ):
        field: ui.TextInput[Any] = ui.TextInput(
            custom_id=name, style=style, default=value, required=False, max_length=length
        )
        modal.add_item(ui.Label(text=say(label, locale=locale), component=field))
    return modal
