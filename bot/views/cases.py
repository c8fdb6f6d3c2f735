"""The buttons under a case, and the modals in which people say why."""

from typing import Any

import discord
from discord import ui

from bot.views.button import PREFIX, SECONDARY, ActionButton
from bot.views.buttons import DANGER, PRIMARY
from config.words import say
from db.cases import Case, CaseKind, Outcome

TEXT_LENGTH = 1_000
BUTTONS = {
    CaseKind.APPEAL: ("uphold", "overturn", "ban", "note"),
    CaseKind.REPORT: ("leave", "takedown", "ban", "note"),
    CaseKind.ALERT: ("seen", "note"),
    CaseKind.SIGHTING: ("seen", "note"),
    CaseKind.HELD: ("release", "takedown", "ban", "note"),
}
STYLES = {
    "uphold": PRIMARY,
    "overturn": PRIMARY,
    "leave": PRIMARY,
    "release": PRIMARY,
    "takedown": DANGER,
    "ban": DANGER,
}


def case_view(case: Case) -> ui.View:
    """Return the buttons by which a moderator decides a case; a closed one can be noted upon, no more."""
    view = ui.View(timeout=None)
    names = BUTTONS[case.kind] if case.outcome is Outcome.OPEN else ("note",)
    for name in names:
        view.add_item(ActionButton(name, case.id, say(f"buttons.{name}"), STYLES.get(name, SECONDARY)))
    return view


def why_modal(kind: str, argument: object, locale: str) -> ui.Modal:
    """Return the modal that asks for words: of an appeal, a report or a note."""
    modal = ui.Modal(title=say(f"people.{kind}_title", locale=locale), custom_id=f"{PREFIX}{kind}:{argument}")
    field: ui.TextInput[Any] = ui.TextInput(
        custom_id="text", style=discord.TextStyle.paragraph, required=True, max_length=TEXT_LENGTH
    )
    modal.add_item(ui.Label(text=say(f"people.{kind}_label", locale=locale), component=field))
    return modal
