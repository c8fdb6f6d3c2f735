"""/settings in one message: menus, a modal for numbers and words, and a button that takes all of it back."""

from typing import Any

from discord import InteractionResponseType

from bot.interaction import Interaction, answer, caller_of, hold, locale_of, think
from bot.setting_lines import read_setting
from bot.styles import owner_of
from bot.views.settings import NOTHING, SERVER, TYPED, settings_modal, settings_text, settings_view
from db.base import Json
from inference.request import COUNT, GUIDANCE, PROMPT_LENGTH, STEPS, InvalidRequest

BOUNDS = {"steps": STEPS, "guidance": GUIDANCE, "count": COUNT}


async def open_settings(interaction: Interaction, *, for_guild: bool) -> None:
    """Show what is set to the person alone."""
    owner = owner_of(caller_of(interaction), for_guild=for_guild)
    await think(interaction, ephemeral=True)
    await _show(interaction, await interaction.client.studio.preferences.of(owner), for_guild=for_guild)


async def set_default(interaction: Interaction, argument: str) -> None:
    """Set what was chosen in a menu: `whose.setting:value`."""
    await hold(interaction)
    field, value = argument.split(":", 1)
    whose, name = field.split(".")
    changes = {name: None if value == NOTHING else value}
    await _change(interaction, changes, for_guild=whose == SERVER)


async def ask_more(interaction: Interaction, whose: str) -> None:
    """Show the modal for what no menu holds."""
    owner = owner_of(caller_of(interaction), for_guild=whose == SERVER)
    modal = settings_modal(whose, await interaction.client.studio.preferences.of(owner), locale_of(interaction))
    modal.stop()  # not waited for: whatever comes of it arrives at `take_more`, after a restart too
    await answer(interaction, InteractionResponseType.modal, lambda: interaction.response.send_modal(modal))


async def take_more(interaction: Interaction, whose: str, fields: dict[str, str]) -> None:
    """Set what was filled in; what was left empty is taken back."""
    await hold(interaction)
    changes: dict[str, Any] = {name: _read(name, fields[name].strip()) for name in TYPED}
    await _change(interaction, changes, for_guild=whose == SERVER)


async def reset(interaction: Interaction, whose: str) -> None:
    """Take all of it back."""
    await hold(interaction)
    await interaction.client.studio.preferences.reset(caller_of(interaction), for_guild=whose == SERVER)
    await _show(interaction, {}, for_guild=whose == SERVER)


async def _change(interaction: Interaction, changes: Json, *, for_guild: bool) -> None:
    preferences = interaction.client.studio.preferences
    settings = await preferences.change(caller_of(interaction), changes, for_guild=for_guild)
    await _show(interaction, settings, for_guild=for_guild)


async def _show(interaction: Interaction, settings: Json, *, for_guild: bool) -> None:
    studio, caller = interaction.client.studio, caller_of(interaction)
    presets = await studio.styles.all(caller)
    view = settings_view(settings, studio.catalogue, presets, caller.locale, for_guild=for_guild)
    await interaction.edit_original_response(
        content=settings_text(settings, caller.locale, for_guild=for_guild), view=view
    )


def _read(name: str, text: str) -> Any:
    """Return a setting from the modal, None where it was left empty. Raises UserError for what cannot be."""
    if not text:
        return None
    if name == "negative_prompt":
        return text[:PROMPT_LENGTH]
    value = read_setting(name, text)[name]
    low, high = BOUNDS[name]
    if not low <= value <= high:  # written so that NaN is refused too
        raise InvalidRequest(f"inference.{name}_range", low=low, high=high, given=value)
    return value
