"""The history, page by page; which page of which search stands in the buttons, so that they survive a restart."""

import io
from dataclasses import dataclass, replace
from typing import Self

import discord

from bot.caller import Caller
from bot.composer import HEADROOM
from bot.finding import Export
from bot.interaction import Interaction, caller_of, hold, think
from bot.letters import NOBODY
from bot.tree import whisper
from bot.views.history import PER_PAGE, HistoryView, thumbnail_file
from bot.wording import escape, moment
from config.words import UserError, say
from db.history import Page
from db.search import Criteria


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which page (from 0) of the search that is kept under a key; without one, of all pictures."""

    page: int = 0
    key: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.key}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the place that `str` wrote."""
        page, _, key = text.partition(":")
        return cls(page=int(page), key=key)


async def open_history(interaction: Interaction, criteria: Criteria) -> None:
    """Show the first page to the person alone."""
    await think(interaction, ephemeral=True)
    key = await interaction.client.studio.finding.keep(caller_of(interaction), criteria)
    await _show(interaction, Place(key=key), criteria)


async def turn_page(interaction: Interaction, argument: str) -> None:
    """Show another page in place."""
    await hold(interaction)
    place = Place.parse(argument)
    await _show(interaction, place, await _criteria(interaction, place))


async def export_found(interaction: Interaction, argument: str) -> None:
    """Send what the search finds, as a file, to the person alone."""
    await think(interaction, ephemeral=True)
    studio, caller = interaction.client.studio, caller_of(interaction)
    criteria = await _criteria(interaction, Place.parse(argument))
    async with studio.turns:
        export = await studio.finding.export(caller, criteria, interaction.filesize_limit - HEADROOM)
    file = discord.File(io.BytesIO(export.data), "imagine-history.json")
    await whisper(interaction, _told(export, caller.locale), attachments=[file])


async def _criteria(interaction: Interaction, place: Place) -> Criteria:
    return await interaction.client.studio.finding.criteria(caller_of(interaction), place.key)


async def _show(interaction: Interaction, place: Place, criteria: Criteria) -> None:
    studio, caller = interaction.client.studio, caller_of(interaction)
    async with studio.turns:
        found = await _find(interaction, caller, place, criteria)
        if not found.records and place.page:  # some were deleted in the meantime
            place = replace(place, page=0)
            found = await _find(interaction, caller, place, criteria)
        if not found.records:
            raise UserError("bot.history_empty" if criteria.is_all else "bot.history_empty_search")
        thumbnails = {
            record.id: small
            for record in found.records
            if studio.gallery.may_show(caller, record) and (small := await studio.gallery.thumbnail(record)) is not None
        }
    view = HistoryView(
        found,
        thumbnails,
        heading="\n".join(_heading(found, place, criteria, caller.locale)),
        turns=_turns(found, place, caller.locale),
        export=str(place),
        locale=caller.locale,
    )
    files = [thumbnail_file(record, thumbnails[record.id]) for record in found.records if record.id in thumbnails]
    await interaction.edit_original_response(view=view, attachments=files, allowed_mentions=NOBODY)


async def _find(interaction: Interaction, caller: Caller, place: Place, criteria: Criteria) -> Page:
    return await interaction.client.studio.gallery.search(caller, criteria, page=place.page, size=PER_PAGE)


def _heading(found: Page, place: Place, criteria: Criteria, locale: str) -> list[str]:
    """Return which page it is, and what is looked for."""
    pages = -(-found.total // PER_PAGE)
    lines = [say("bot.history_heading", locale=locale, page=place.page + 1, pages=pages, total=found.total)]
    if criteria.user_id is not None:
        lines.append(say("bot.history_of", locale=locale, user=criteria.user_id))
    if criteria.words is not None:
        lines.append(say("bot.history_with", locale=locale, text=escape(criteria.words)))
    if criteria.seed is not None:
        lines.append(say("bot.history_seed", locale=locale, seed=criteria.seed))
    if criteria.checkpoint is not None:
        lines.append(say("bot.history_model", locale=locale, model=escape(criteria.checkpoint)))
    if criteria.task is not None:
        lines.append(say("bot.history_task", locale=locale, task=criteria.task.replace("_", " ")))
    if criteria.since is not None:
        lines.append(say("bot.history_since", locale=locale, when=moment(criteria.since, "f")))
    if criteria.until is not None:
        lines.append(say("bot.history_until", locale=locale, when=moment(criteria.until, "f")))
    if criteria.favourites:
        lines.append(say("bot.history_favourites", locale=locale))
    return lines


def _turns(found: Page, place: Place, locale: str) -> list[tuple[str, str]]:
    """Return the labels and arguments of the buttons that turn the page."""
    turns = []
    if place.page:
        turns.append((say("buttons.previous", locale=locale), str(replace(place, page=place.page - 1))))
    if (place.page + 1) * PER_PAGE < found.total:
        turns.append((say("buttons.next", locale=locale), str(replace(place, page=place.page + 1))))
    return turns


def _told(export: Export, locale: str) -> str:
    """Return how much of what was found is in the file."""
    lines = [say("bot.export", locale=locale, of=export.of, total=export.total, sources=export.sources)]
    if export.of + export.withheld < export.total:
        lines.append(say("bot.export_bounded", locale=locale))
    if export.withheld:
        lines.append(say("bot.export_withheld", locale=locale, count=export.withheld))
    return "\n".join(lines)
