"""The one kind of button there is: all it needs to know stands in its custom_id, so it survives a restart."""

import re
from collections.abc import Sequence
from typing import Any, Self

import discord
from discord import ui

from bot.interaction import Interaction
from bot.tree import attend
from config.words import UserError

PREFIX = "imagine:"  # of every custom_id that is ours
SECONDARY = discord.ButtonStyle.secondary


class ActionButton(
    ui.DynamicItem[ui.Button[Any]], template=re.compile(PREFIX + r"(?P<action>[a-z]+):(?P<argument>.*)", re.DOTALL)
):
    """A button that says `action` and upon what: a record's id, a job's, a page."""

    def __init__(
        self, action: str, argument: object, label: str | None = None, style: discord.ButtonStyle = SECONDARY
    ) -> None:
        self.action = action
        self.argument = str(argument)
        super().__init__(ui.Button(label=label, style=style, custom_id=f"{PREFIX}{action}:{argument}"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        return cls(match["action"], match["argument"])

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Pass the gate of the commands."""
        tree_check: bool = await interaction.client.tree.interaction_check(interaction)
        return tree_check

    async def callback(self, interaction: discord.Interaction[Any], /) -> None:
        """Do what the button says."""
        await attend(interaction, self._press(interaction))

    async def _press(self, interaction: Interaction) -> None:
        press = interaction.client.presses.get(self.action)
        if press is None:
            raise UserError("bot.unknown_button")
        await press(interaction, self.argument)


def view_of(rows: Sequence[Sequence[ActionButton]]) -> ui.View:
    """Return rows of buttons as what stands under a message."""
    view = ui.View(timeout=None)
    for number, row in enumerate(rows):
        for button in row:
            button.row = number
            view.add_item(button)
    return view
