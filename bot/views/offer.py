"""What is said and asked before several prompts are drawn."""

from discord import ui

from bot.offering import Offered
from bot.views.button import ActionButton
from bot.views.buttons import DANGER, PRIMARY
from bot.wording import escape, shorten, span, words_or_none
from config.words import say

PROMPT_LENGTH = 120


def offer_text(offered: Offered, locale: str) -> str:
    """Return how many pictures there would be, in what time, and each prompt."""
    request = offered.composition.request
    lines = [
        say(
            "bot.offer",
            locale=locale,
            prompts=len(request.prompts),
            pictures=request.count,
            time=span(offered.seconds, locale),
        )
    ]
    for number, prompt in enumerate(request.prompts, start=1):
        words = words_or_none(escape(shorten(prompt, PROMPT_LENGTH)), locale)
        lines.append(say("bot.offer_prompt", locale=locale, number=number, prompt=words))
    return "\n".join(lines)


def offer_view(offered: Offered, locale: str) -> ui.View:
    """Return the buttons that draw it, or not."""
    view = ui.View(timeout=None)
    draw = say("buttons.draw", locale=locale, count=offered.composition.request.count)
    view.add_item(ActionButton("draw", offered.id, draw, PRIMARY))
    view.add_item(ActionButton("decline", offered.id, say("buttons.cancel", locale=locale), DANGER))
    return view
