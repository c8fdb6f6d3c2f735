"""The menu under a family by which each of its pictures is opened."""

from collections.abc import Sequence

import discord
from discord import ui

from bot.genealogy import Relative
from bot.views.select import ActionSelect
from bot.wording import shorten, words_or_none
from config.words import say

LENGTH = 100  # of an option's text


def family_view(relatives: Sequence[Relative], locale: str) -> ui.View:
    """Return the menu: the relatives that may be seen, by number, id and words."""
    options = [
        discord.SelectOption(
            label=f"{number}. {relative.record.id}",
            value=relative.record.id,
            description=shorten(words_or_none(" ".join(relative.record.prompt.split()), locale), LENGTH),
        )
        for number, relative in enumerate(relatives, start=1)
        if relative.record is not None
    ]
    view = ui.View(timeout=None)
    view.add_item(ActionSelect("details", placeholder=say("buttons.open_one", locale=locale), options=options))
    return view
