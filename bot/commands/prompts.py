"""The suggestions for what goes with a prompt: aspects, presets, adapters."""

from collections.abc import Mapping

from discord.app_commands import Choice

from bot.aspects import RATIOS, WORDS
from bot.commands.options import CHOICES, NAME_LENGTH, Suggestions
from bot.interaction import Interaction, caller_of
from bot.styles import owner_of
from bot.wording import shorten
from inference.adapter_files import AdapterFile


async def suggest_aspects(_: Interaction, typed: str) -> Suggestions:
    """Suggest what a picture can be for, with its ratio, then ratios; any other ratio can be typed."""
    offered = [(f"{word} ({ratio})", word) for word, ratio in WORDS.items()]
    offered += [(ratio, ratio) for ratio in RATIOS]
    wanted = typed.strip().casefold()
    return [Choice(name=name, value=value) for name, value in offered if wanted in name][:CHOICES]


async def suggest_presets(interaction: Interaction, typed: str) -> Suggestions:
    """Suggest the presets that can be used here, the person's own first."""
    names = [preset.name for preset in await interaction.client.studio.styles.all(caller_of(interaction))]
    return _named(names, typed)


async def suggest_kept(interaction: Interaction, typed: str) -> Suggestions:
    """Suggest the presets that the person, or the guild where they are to be its, keeps."""
    for_guild = bool(getattr(interaction.namespace, "server", False))
    caller = caller_of(interaction)
    if for_guild and not caller.moderator:
        return []
    kept = await interaction.client.studio.styles.of(owner_of(caller, for_guild=for_guild))
    return _named([preset.name for preset in kept], typed)


async def suggest_adapters(interaction: Interaction, typed: str) -> Suggestions:
    """Suggest an adapter for the last part of the list, with the words that call upon it."""
    studio = interaction.client.studio
    checkpoint = studio.catalogue.offered.get(interaction.namespace.model or studio.catalogue.default)
    offered: Mapping[str, AdapterFile] = {} if checkpoint is None else await studio.adapters.of(checkpoint)
    before, _, last = typed.rpartition(",")
    start = f"{before.strip()}, " if before.strip() else ""
    taken = {part.partition(":")[0].strip().casefold() for part in before.split(",")}
    fitting = [each for each in offered.values() if _fits(each, last.strip()) and each.name.casefold() not in taken]
    return [
        Choice(name=shorten(f"{start}{_label(each)}", NAME_LENGTH), value=f"{start}{each.name}:{each.weight:g}")
        for each in fitting
        if len(start) + len(each.name) < NAME_LENGTH - len(":-2.00")
    ][:CHOICES]


def _named(names: list[str], typed: str) -> Suggestions:
    return [Choice(name=name, value=name) for name in names if typed.strip().casefold() in name][:CHOICES]


def _fits(adapter: AdapterFile, typed: str) -> bool:
    return typed.partition(":")[0].strip().casefold() in f"{adapter.name} {adapter.title} {adapter.words}".casefold()


def _label(adapter: AdapterFile) -> str:
    title = adapter.name if adapter.title == adapter.name else f"{adapter.name}: {adapter.title}"
    return f"{title} ({', '.join(adapter.words)})" if adapter.words else title
