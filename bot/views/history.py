"""A page of the history: each picture small, with its words and two buttons."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import ui

from bot.views.button import ActionButton
from bot.wording import escape, moment, shorten, words_or_none
from config.words import say
from db.history import Page
from db.tables.record import Record, Showing

PER_PAGE = 5  # with their buttons, one more would pass Discord's 40 components
PROMPT_LENGTH = 300
ALT_LENGTH = 1_000


class HistoryView(ui.LayoutView):
    """`thumbnails` holds the small pictures by record id, of those that may be shown here and are there."""

    def __init__(
        self,
        found: Page,
        thumbnails: Mapping[str, bytes],
        *,
        heading: str,
        turns: Sequence[tuple[str, str]],
        export: str,
        locale: str,
    ) -> None:
        super().__init__(timeout=None)
        self.add_item(ui.TextDisplay(heading))
        for record in found.records:
            if record.id in thumbnails:
                self._add(record, locale)
            else:
                self.add_item(ui.TextDisplay(say("bot.history_hidden", locale=locale, id=record.id)))
        buttons = [ActionButton("page", argument, label) for label, argument in turns]
        buttons.append(ActionButton("excerpt", export, say("buttons.excerpt", locale=locale)))
        self.add_item(ui.ActionRow(*buttons))

    def _add(self, record: Record, locale: str) -> None:
        small: ui.Thumbnail[Any] = ui.Thumbnail(
            f"attachment://{_filename(record)}",
            description=words_or_none(shorten(record.prompt, ALT_LENGTH), locale),
            spoiler=record.showing is not Showing.OPEN,
        )
        self.add_item(ui.Section(ui.TextDisplay(_caption(record, locale)), accessory=small))
        self.add_item(
            ui.ActionRow(
                ActionButton("show", record.id, say("buttons.show", locale=locale)),
                ActionButton("details", record.id, say("buttons.details", locale=locale)),
            )
        )


def thumbnail_file(record: Record, data: bytes) -> discord.File:
    """Return the small picture as the attachment that the page refers to."""
    return discord.File(io.BytesIO(data), _filename(record))


def _filename(record: Record) -> str:
    return f"thumbnail-{record.id}.webp"


def _caption(record: Record, locale: str) -> str:
    return say(
        "bot.history_entry",
        locale=locale,
        id=record.id,
        user=record.user_id,
        when=moment(record.finished_at, "R"),
        prompt=words_or_none(escape(shorten(record.prompt, PROMPT_LENGTH)), locale),
        seed=record.seed,
        width=record.width,
        height=record.height,
    )
