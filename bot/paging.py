"""The history, page by page; which page of what stands in the buttons, so that they survive a restart."""

from dataclasses import dataclass, replace
from typing import Self

from bot.caller import Caller
from bot.interaction import Interaction, caller_of, hold, think
from bot.letters import NOBODY
from bot.views.history import PER_PAGE, HistoryView, thumbnail_file
from bot.wording import escape
from config.words import UserError, say
from db.history import Page

SEARCH_LENGTH = 50  # so that it fits into a custom_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which page (from 0) of whose pictures, with which text in the prompt."""

    user_id: int | None = None
    text: str = ""
    page: int = 0

    def __str__(self) -> str:
        return f"{self.page}:{self.user_id or 0}:{self.text}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the query that `str` wrote."""
        page, user_id, words = text.split(":", 2)
        return cls(page=int(page), user_id=int(user_id) or None, text=words)


async def open_history(interaction: Interaction, query: Query) -> None:
    """Show the first page to the person alone."""
    await think(interaction, ephemeral=True)
    await _show(interaction, query)


async def turn_page(interaction: Interaction, argument: str) -> None:
    """Show another page in place."""
    await hold(interaction)
    await _show(interaction, Query.parse(argument))


async def _show(interaction: Interaction, query: Query) -> None:
    studio, caller = interaction.client.studio, caller_of(interaction)
    async with studio.turns:
        found = await _find(interaction, caller, query)
        if not found.records and query.page:  # some were deleted in the meantime
            query = replace(query, page=0)
            found = await _find(interaction, caller, query)
        if not found.records:
            raise UserError("bot.history_empty_search" if query.text else "bot.history_empty")
        thumbnails = {
            record.id: small
            for record in found.records
            if studio.gallery.may_show(caller, record) and (small := await studio.gallery.thumbnail(record)) is not None
        }
    view = HistoryView(
        found,
        thumbnails,
        heading=_heading(found, query, caller.locale),
        turns=_turns(found, query, caller.locale),
        locale=caller.locale,
    )
    files = [thumbnail_file(record, thumbnails[record.id]) for record in found.records if record.id in thumbnails]
    await interaction.edit_original_response(view=view, attachments=files, allowed_mentions=NOBODY)


async def _find(interaction: Interaction, caller: Caller, query: Query) -> Page:
    search = interaction.client.studio.gallery.search
    return await search(caller, user_id=query.user_id, text=query.text or None, page=query.page, size=PER_PAGE)


def _heading(found: Page, query: Query, locale: str) -> str:
    pages = -(-found.total // PER_PAGE)
    lines = [say("bot.history_heading", locale=locale, page=query.page + 1, pages=pages, total=found.total)]
    if query.user_id is not None:
        lines.append(say("bot.history_of", locale=locale, user=query.user_id))
    if query.text:
        lines.append(say("bot.history_with", locale=locale, text=escape(query.text)))
    return "\n".join(lines)


def _turns(found: Page, query: Query, locale: str) -> list[tuple[str, str]]:
    """Return the labels and arguments of the buttons that turn the page."""
    turns = []
    if query.page:
        turns.append((say("buttons.previous", locale=locale), str(replace(query, page=query.page - 1))))
    if (query.page + 1) * PER_PAGE < found.total:
        turns.append((say("buttons.next", locale=locale), str(replace(query, page=query.page + 1))))
    return turns
