"""Which buttons stand under which message."""

from collections.abc import Sequence

import discord
from discord import ui

from bot.collection import Regard
from bot.views.button import ActionButton, view_of
from bot.views.change import change_rows
from bot.views.keeping import keeping_buttons
from bot.views.select import ActionSelect
from bot.wording import shorten, words_or_none
from config.words import say
from db.tables.record import Record

EACH = {"vary": "buttons.vary", "upscale": "buttons.upscale", "more": "buttons.more_ways"}
CHOICES = {
    "upscale": "buttons.upscale",
    "details": "buttons.details",
    "report": "buttons.report",
}
MENUS = {
    "vary": "buttons.vary_one",
    "upscale": "buttons.upscale_one",
    "more": "buttons.more_one",
    "details": "buttons.details_one",
}
BESIDE = 4  #: pictures that have a button each
PER_ROW = 5
LABEL_LENGTH = 100
PRIMARY, DANGER, SUCCESS = discord.ButtonStyle.primary, discord.ButtonStyle.danger, discord.ButtonStyle.success


def result_view(records: Sequence[Record], locale: str) -> ui.View:
    """Return the buttons under a result: what can be done with each picture, then with all."""
    if len(records) > BESIDE:
        return _many_view(records, locale)
    for_all = _together(records[0], locale)
    if len(records) == 1:
        return view_of([*change_rows(records[0], locale), for_all])
    for_each = [
        [ActionButton(action, each.id, label) for each, label in _labelled(records, key, locale)]
        for action, key in EACH.items()
    ]
    return view_of([*for_each, for_all])


def _many_view(records: Sequence[Record], locale: str) -> ui.View:
    """Return the result's buttons where there are too many pictures for one each: menus instead."""
    view = view_of([_together(records[0], locale)])
    for action in MENUS:
        view.add_item(_menu(action, records, locale))
    return view


def _menu(action: str, records: Sequence[Record], locale: str) -> ActionSelect:
    """Return the menu that does the action upon one of a job's pictures, by its number and words."""
    options = [
        discord.SelectOption(
            label=shorten(f"{number}. {words_or_none(each.prompt, locale)}", LABEL_LENGTH), value=each.id
        )
        for number, each in enumerate(records, start=1)
        if each.is_there
    ]
    return ActionSelect(action, placeholder=say(MENUS[action], locale=locale), options=options)


def _together(first: Record, locale: str) -> list[ActionButton]:
    """Return the buttons that are about all pictures of a result, or about the first."""
    return [
        ActionButton("again", first.id, say("buttons.again", locale=locale), PRIMARY),
        ActionButton("remix", first.id, say("buttons.remix", locale=locale)),
        ActionButton("details", first.id, say("buttons.details", locale=locale)),
        ActionButton("delete", first.id, say("buttons.delete", locale=locale), DANGER),
    ]


def shown_view(record: Record, locale: str) -> ui.View:
    """Return the buttons under a picture that was posted again: they mean it alone, not its job."""
    alone = [
        ActionButton("another", record.id, say("buttons.again", locale=locale), PRIMARY),
        ActionButton("remix", record.id, say("buttons.remix", locale=locale)),
        ActionButton("details", record.id, say("buttons.details", locale=locale)),
        ActionButton("remove", record.id, say("buttons.delete", locale=locale), DANGER),
    ]
    return view_of([*change_rows(record, locale), alone])


def choice_view(action: str, records: Sequence[Record], locale: str) -> ui.View:
    """Return one button for each picture that the action could mean."""
    key = CHOICES[action]
    return view_of(_rows([ActionButton(action, each.id, label) for each, label in _labelled(records, key, locale)]))


def details_view(record: Record, siblings: Sequence[Record], regard: Regard, locale: str) -> ui.View:
    """Return the buttons under a picture's details; `siblings` are all pictures of its job."""
    first = [
        ActionButton("show", record.id, say("buttons.show", locale=locale)),
        ActionButton("vary", record.id, say("buttons.vary", locale=locale)),
        ActionButton("upscale", record.id, say("buttons.upscale", locale=locale)),
        ActionButton("remix", record.id, say("buttons.remix", locale=locale)),
        ActionButton("reproduce", record.id, say("buttons.reproduce", locale=locale)),
    ]
    ways = [
        ActionButton("inpaint", record.id, say("buttons.inpaint", locale=locale)),
        ActionButton("more", record.id, say("buttons.more_ways", locale=locale)),
    ]
    rows = [first, ways, keeping_buttons(record, regard, locale)]
    others = [each for each in siblings if each.id != record.id and each.is_there]
    if len(others) <= PER_ROW:
        labels = {each.id: label for each, label in _labelled(siblings, "buttons.details", locale)}
        return view_of([*rows, [ActionButton("details", each.id, labels[each.id]) for each in others]])
    view = view_of(rows)
    view.add_item(_menu("details", siblings, locale))
    return view


def cancel_view(job_ids: Sequence[int], locale: str) -> ui.View:
    """Return a cancel button for each job."""
    labels = [say("buttons.cancel", locale=locale)]
    if len(job_ids) > 1:
        labels = [f"{labels[0]} {number}" for number in range(1, len(job_ids) + 1)]
    return view_of([[ActionButton("cancel", job, label, DANGER) for job, label in zip(job_ids, labels, strict=True)]])


def accept_view(version: str, locale: str) -> ui.View:
    """Return the button by which a person accepts this version of the use restrictions."""
    return view_of([[ActionButton("accept", version, say("buttons.accept", locale=locale), SUCCESS)]])


def _labelled(records: Sequence[Record], key: str, locale: str) -> list[tuple[Record, str]]:
    """Return each record with the label, numbered as its picture stands in the message."""
    label = say(key, locale=locale)
    if len(records) == 1:
        return [(records[0], label)]
    return [(record, f"{label} {number}") for number, record in enumerate(records, start=1)]


def _rows(buttons: Sequence[ActionButton]) -> list[Sequence[ActionButton]]:
    """Return the buttons in rows as wide as Discord takes."""
    return [buttons[start : start + PER_ROW] for start in range(0, len(buttons), PER_ROW)]
