"""The one kind of menu there is: what it does stands in its custom_id, so it survives a restart."""

import re
from typing import Any, Self

import discord
from discord import ui

from bot.interaction import Interaction
from bot.tree import attend
from config.words import UserError

PREFIX = "imagine-menu:"
MOST = 25  #: choices of one menu


class ActionSelect(
    ui.DynamicItem[ui.Select[Any]], template=re.compile(PREFIX + r"(?P<action>[a-z]+):(?P<field>[a-z_.]*)")
):
    """A menu of values to do `action` upon; with a field, what is done is told `field:value`."""

    def __init__(
        self,
        action: str,
        field: str = "",
        placeholder: str | None = None,
        options: list[discord.SelectOption] | None = None,
    ) -> None:
        self.action = action
        self.field = field
        menu: ui.Select[Any] = ui.Select(
            custom_id=f"{PREFIX}{action}:{field}", placeholder=placeholder, options=(options or [])[:MOST]
        )
        super().__init__(menu)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the menu that was chosen from."""
        return cls(match["action"], match["field"])

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Pass the gate of the commands."""
        tree_check: bool = await interaction.client.tree.interaction_check(interaction)
        return tree_check

    async def callback(self, interaction: discord.Interaction[Any], /) -> None:
        """Do what the menu says upon what was chosen."""
        await attend(interaction, self._choose(interaction))

    async def _choose(self, interaction: Interaction) -> None:
        press = interaction.client.presses.get(self.action)
        if press is None:
            raise UserError("bot.unknown_button")
        data: Any = interaction.data
        value = str(data["values"][0])
        await press(interaction, f"{self.field}:{value}" if self.field else value)
