"""The message of /settings: menus, buttons and a modal."""

from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import SelectOption, ui

from bot.aspects import WORDS
from bot.preset_lines import NAMES
from bot.views.button import PREFIX, ActionButton
from bot.views.buttons import DANGER
from bot.views.select import MOST, ActionSelect
from bot.wording import escape, shorten
from config.words import say
from db.base import Json
from db.presets import Preset
from inference.checkpoints import Checkpoint

NOTHING = "-"  #: in a menu: nothing is set
OWN, SERVER = "own", "server"  #: whose settings
TYPED = ("steps", "guidance", "count", "negative_prompt")  #: in the modal
LABEL_LENGTH = 100
NEGATIVE_LENGTH = 1_000
SHOWN_LENGTH = 300


def settings_text(settings: Json, locale: str, *, for_guild: bool) -> str:
    """Return what is set, a line each."""
    lines = [say("bot.settings_server" if for_guild else "bot.settings_own", locale=locale)]
    if not settings:
        lines.append(say("bot.settings_none", locale=locale))
    for name, value in settings.items():
        told = escape(shorten(str(value), SHOWN_LENGTH))
        lines.append(say("bot.settings_line", locale=locale, name=NAMES.get(name, name), value=told))
    return "\n".join(lines)


def settings_view(
    settings: Json, checkpoints: Mapping[str, Checkpoint], presets: Sequence[Preset], locale: str, *, for_guild: bool
) -> ui.View:
    """Return the menus, with what is set chosen in them, and the buttons."""
    whose = SERVER if for_guild else OWN
    chosen = checkpoints.get(settings.get("checkpoint", ""))
    samplers = (chosen or next(iter(checkpoints.values()))).samplers
    menus: dict[str, tuple[str, list[tuple[str, str]]]] = {
        "checkpoint": ("bot.choose_model", [(name, each.title) for name, each in checkpoints.items()]),
        "aspect": ("bot.choose_aspect", [(word, f"{word} ({ratio})") for word, ratio in WORDS.items()]),
        "sampler": ("bot.choose_sampler", [(sampler, sampler) for sampler in samplers]),
        "preset": ("bot.choose_preset", [(preset.name, preset.name) for preset in presets]),
    }
    view = ui.View(timeout=None)
    for name, (key, choices) in menus.items():
        menu = say(key, locale=locale)
        offered = [(NOTHING, say("bot.choose_nothing", locale=locale)), *choices]
        options = _options(menu, offered, settings.get(name, NOTHING), locale)
        view.add_item(ActionSelect("set", f"{whose}.{name}", menu, options))
    view.add_item(ActionButton("numbers", whose, say("buttons.more_settings", locale=locale)))
    view.add_item(ActionButton("reset", whose, say("buttons.reset", locale=locale), DANGER))
    return view


def settings_modal(whose: str, settings: Json, locale: str) -> ui.Modal:
    """Return the modal for numbers and words, filled in with what is set."""
    modal = ui.Modal(title=say("bot.settings_title", locale=locale), custom_id=f"{PREFIX}settings:{whose}")
    labels = {
        "steps": "bot.settings_steps",
        "guidance": "bot.settings_guidance",
        "count": "bot.settings_count",
        "negative_prompt": "bot.settings_negative_prompt",
    }
    for name in TYPED:
        words = name == "negative_prompt"
        field: ui.TextInput[Any] = ui.TextInput(
            custom_id=name,
            style=discord.TextStyle.paragraph if words else discord.TextStyle.short,
            default=str(settings.get(name, "")),
            required=False,
            max_length=NEGATIVE_LENGTH if words else 10,
        )
        modal.add_item(ui.Label(text=say(labels[name], locale=locale), component=field))
    return modal


def _options(menu: str, offered: Sequence[tuple[str, str]], chosen: str, locale: str) -> list[SelectOption]:
    """Return the options of a menu, each with the menu's name: Discord shows nothing but the one that is chosen."""
    options = []
    for value, label in offered[:MOST]:
        told = say("bot.choice", locale=locale, menu=menu, value=label)
        options.append(SelectOption(label=shorten(told, LABEL_LENGTH), value=value, default=value == chosen))
    return options
