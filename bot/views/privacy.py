"""The buttons of /privacy."""

from discord import ui

from bot.views.button import ActionButton
from bot.views.buttons import DANGER, PRIMARY
from config.words import say


def overview_view(locale: str, *, publishes: bool) -> ui.View:
    """Return the buttons by which a person gets or deletes what is kept, and says what their files may tell."""
    choice = ("publish", "no", "buttons.publish_no") if publishes else ("publish", "yes", "buttons.publish_yes")
    kind, answer, key = choice
    return _view(
        ActionButton(kind, answer, say(key, locale=locale)),
        ActionButton("export", 0, say("buttons.export", locale=locale), PRIMARY),
        ActionButton("erase", "ask", say("buttons.erase", locale=locale), DANGER),
    )


def more_view(start: int, locale: str) -> ui.View:
    """Return the button that sends what comes after the first `start` pictures."""
    return _view(ActionButton("export", start, say("buttons.more", locale=locale), PRIMARY))


def sure_view(locale: str) -> ui.View:
    """Return the button that deletes."""
    return _view(ActionButton("erase", "sure", say("buttons.erase_sure", locale=locale), DANGER))


def _view(*buttons: ActionButton) -> ui.View:
    view = ui.View(timeout=None)
    for button in buttons:
        view.add_item(button)
    return view
