"""What several commands' options have in common: the suggestions while somebody types."""

from discord.app_commands import Choice

from bot.interaction import Interaction, caller_of, locale_of
from bot.wishes import STRENGTHS
from bot.wording import shorten, words_or_none

CHOICES = 25
NAME_LENGTH = 100
REGIONS = (
    "left half",
    "right half",
    "top third",
    "bottom third",
    "centre",
    "top left quarter",
    "bottom right quarter",
    "border",
    "everything but the centre",
    "left 30%",
)
NUMBERS = ("0.2", "0.35", "0.5", "0.6", "0.7", "0.8", "0.9")

Suggestions = list[Choice[str]]


async def suggest_pictures(interaction: Interaction, typed: str) -> Suggestions:
    """Suggest pictures of the history by id or words."""
    records = await interaction.client.studio.gallery.suggestions(caller_of(interaction), typed)
    locale = locale_of(interaction)
    labels = (f"{record.id} · {words_or_none(' '.join(record.prompt.split()), locale)}" for record in records)
    return [
        Choice(name=shorten(label, NAME_LENGTH), value=record.id) for label, record in zip(labels, records, strict=True)
    ]


async def suggest_models(interaction: Interaction, typed: str) -> Suggestions:
    """Suggest the models on offer."""
    offered = interaction.client.studio.catalogue.offered.values()
    fitting = [each for each in offered if typed.casefold() in f"{each.name} {each.title}".casefold()]
    return [Choice(name=shorten(f"{each.name}: {each.title}", NAME_LENGTH), value=each.name) for each in fitting][
        :CHOICES
    ]


async def suggest_samplers(interaction: Interaction, typed: str) -> Suggestions:
    """Suggest the samplers that the chosen model works with."""
    studio = interaction.client.studio
    chosen = studio.catalogue.get(interaction.namespace.model or studio.catalogue.default)
    samplers = () if chosen is None else chosen.samplers
    return [Choice(name=each, value=each) for each in samplers if typed.casefold() in each.casefold()][:CHOICES]


async def suggest_regions(_: Interaction, typed: str) -> Suggestions:
    """Suggest parts of a picture."""
    return [Choice(name=each, value=each) for each in REGIONS if typed.strip().casefold() in each]


async def suggest_strengths(interaction: Interaction, typed: str) -> Suggestions:
    """Suggest the strengths that have names, and some numbers."""
    named = [f"{name} ({value:g})" for name, value in STRENGTHS.items()]
    offered = [*zip(named, STRENGTHS, strict=True), *((number, number) for number in NUMBERS)]
    return [Choice(name=label, value=value) for label, value in offered if label.startswith(typed.strip().casefold())]
