"""Presets: a person's own, their guild's, and those that everybody has; in this order where names are the same."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from bot.admission import Admission
from bot.caller import Caller
from bot.permutations import MOST_PICTURES, expand
from bot.setting_lines import read_setting
from config.settings import ROOT
from config.words import UserError
from db.presets import Owner, Preset, Presets

BUILT_IN = ROOT / "config" / "presets.toml"
MOST = 25  #: of one owner: as many as one list of suggestions shows
NONE = "none"  #: no preset, although the settings name one
NAME_LENGTH = 32
NAMED = 20  #: in the sentence that says which there are
WORDS_LENGTH = 1_000
PLACE = "{prompt}"  #: where in a template the prompt stands


class Styles:
    """Keeps presets and finds them. Raises UserError with the sentence for the person."""

    def __init__(self, presets: Presets, admission: Admission) -> None:
        self._presets = presets
        self._admission = admission

    async def all(self, caller: Caller) -> list[Preset]:
        """Return what the caller can use here: their own first, and of one name the one that goes before."""
        own = await self.of(owner_of(caller))
        guild = [] if caller.guild_id is None else await self.of(Owner(guild_id=caller.guild_id))
        found: dict[str, Preset] = {}
        for preset in (*own, *guild, *built_in()):
            found.setdefault(preset.name, preset)
        return list(found.values())

    async def of(self, owner: Owner) -> list[Preset]:
        """Return what one owner keeps."""
        return await self._presets.of(owner)

    async def find(self, caller: Caller, name: str) -> Preset:
        """Return the preset that the name means here."""
        offered = await self.all(caller)
        found = next((preset for preset in offered if preset.name == tidy(name)), None)
        if found is None:
            raise _unknown(name, offered)
        return found

    async def save(self, caller: Caller, preset: Preset, *, for_guild: bool) -> None:
        """Keep a preset whose words the policy allows."""
        owner = owner_of(caller, for_guild=for_guild)
        check_bounds(preset)
        told = f"{preset.name}, {preset.template.replace(PLACE, ' ')}"
        await self._admission.check_words(speaker(caller, for_guild=for_guild), told, preset.negative_prompt)
        if not await self._presets.save(owner, preset, caller.user_id, MOST):
            raise UserError("bot.too_many_presets", limit=MOST)

    async def delete(self, caller: Caller, name: str, *, for_guild: bool) -> None:
        """Forget a preset."""
        owner = owner_of(caller, for_guild=for_guild)
        if not await self._presets.delete(owner, tidy(name), caller.user_id):
            raise _unknown(name, await self.of(owner))


def owner_of(caller: Caller, *, for_guild: bool = False) -> Owner:
    """Return the caller, or their guild where they moderate it. Raises UserError where they do not."""
    if not for_guild:
        return Owner(user_id=caller.user_id)
    if caller.guild_id is None or not caller.moderator:
        raise UserError("bot.moderators_only")
    return Owner(guild_id=caller.guild_id)


def speaker(caller: Caller, *, for_guild: bool) -> Caller:
    """Return who keeps words: those for a whole guild are kept as for its channels that have no age restriction."""
    return replace(caller, age_restricted=False) if for_guild else caller


def apply(preset: Preset, prompt: str) -> str:
    """Return the prompt in the preset's words: where the template says so, else before the template."""
    if PLACE in preset.template:
        return preset.template.replace(PLACE, prompt)
    return ", ".join(filter(None, (prompt.strip(), preset.template)))


def tidy(name: str) -> str:
    """Return a name as it is kept."""
    return " ".join(name.casefold().split())


def means_none(name: str) -> bool:
    """Say whether a name asks for no preset at all."""
    return tidy(name) == NONE


def check_bounds(preset: Preset) -> None:
    """Raise UserError for a preset without a name or words, with too many of either, or that stands for too much."""
    if not 0 < len(preset.name) <= NAME_LENGTH or preset.name == NONE:
        raise UserError("bot.preset_name", limit=NAME_LENGTH)
    if not (preset.template or preset.negative_prompt or preset.settings):
        raise UserError("bot.preset_empty")
    if max(len(preset.template), len(preset.negative_prompt)) > WORDS_LENGTH:
        raise UserError("bot.preset_length", limit=WORDS_LENGTH)
    expand(preset.template.replace(PLACE, " "), MOST_PICTURES)


def _unknown(name: str, offered: Sequence[Preset]) -> UserError:
    if not offered:
        return UserError("bot.no_presets", given=name[:NAME_LENGTH])
    names = ", ".join(preset.name for preset in offered[:NAMED])
    return UserError("bot.no_such_preset", given=name[:NAME_LENGTH], names=names)


@cache
def built_in() -> tuple[Preset, ...]:
    """Return the presets that everybody has."""
    entries = tomllib.loads(BUILT_IN.read_text(encoding="utf-8"))
    return tuple(_preset(name, entry) for name, entry in entries.items())


def _preset(name: str, entry: dict[str, Any]) -> Preset:
    words = {"template": entry.pop("prompt", ""), "negative_prompt": entry.pop("negative_prompt", "")}
    settings: dict[str, Any] = {}
    for setting, value in entry.items():
        settings |= read_setting(setting, str(value))
    return Preset(name=name, **words, settings=settings)
