"""/history, /show, /remix and /reproduce: what was made before."""

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot import actions
from bot.commands.options import suggest_models, suggest_pictures
from bot.interaction import Interaction
from bot.paging import open_history
from bot.periods import SUGGESTED, Period, read_period
from bot.remixing import open_remix
from bot.translator import words
from db.base import utc_now
from db.search import Criteria
from inference.request import SEEDS, Task

SEARCH_LENGTH = 200


async def suggest_periods(_: Interaction, typed: str) -> list[Choice[str]]:
    """Suggest the stretches of time that have names."""
    return [Choice(name=each, value=each) for each in SUGGESTED if each.startswith(typed.strip().casefold())]


@app_commands.command(description=words("commands.history"))
@app_commands.describe(
    search=words("commands.history_search"),
    user=words("commands.history_user"),
    seed=words("commands.history_seed"),
    model=words("commands.history_model"),
    date=words("commands.history_date"),
    kind=words("commands.history_kind"),
    favourites=words("commands.history_favourites"),
)
@app_commands.choices(kind=[Choice(name=each.replace("_", " "), value=each.value) for each in Task])
@app_commands.autocomplete(model=suggest_models, date=suggest_periods)
async def history(
    interaction: Interaction,
    search: Range[str, 1, SEARCH_LENGTH] | None = None,
    user: discord.User | None = None,
    seed: Range[int, 0, SEEDS - 1] | None = None,
    model: Range[str, 1, SEARCH_LENGTH] | None = None,
    date: Range[str, 1, SEARCH_LENGTH] | None = None,
    kind: str | None = None,
    favourites: bool = False,
) -> None:
    """Look through the pictures made here."""
    period = Period(None, None) if date is None else read_period(date, utc_now().date())
    criteria = Criteria(
        words=search,
        user_id=None if user is None else user.id,
        seed=seed,
        checkpoint=model,
        since=period.since,
        until=period.until,
        task=kind,
        favourites=favourites,
    )
    await open_history(interaction, criteria)


@app_commands.command(description=words("commands.show"))
@app_commands.describe(id=words("commands.picture"))
@app_commands.autocomplete(id=suggest_pictures)
async def show(interaction: Interaction, id: str) -> None:  # noqa: A002 - it is the option's name
    """Post a picture of the history."""
    await actions.show(interaction, id)


@app_commands.command(description=words("commands.remix"))
@app_commands.describe(id=words("commands.picture"))
@app_commands.autocomplete(id=suggest_pictures)
async def remix(interaction: Interaction, id: str) -> None:  # noqa: A002 - it is the option's name
    """Change a picture's words and settings, and draw it again."""
    await open_remix(interaction, id)


@app_commands.command(description=words("commands.reproduce"))
@app_commands.describe(id=words("commands.picture"))
@app_commands.autocomplete(id=suggest_pictures)
async def reproduce(interaction: Interaction, id: str) -> None:  # noqa: A002 - it is the option's name
    """Make a picture once more, and compare."""
    await actions.reproduce(interaction, id)
