"""Text made fit for a chat message: other people's words quoted, numbers in units people read."""

import re
from datetime import datetime

from config.words import say

SPECIAL = re.compile(r"([\\*_~`|<>\[\]@#])")
ZERO_WIDTH = "\u200b"


def shorten(text: str, limit: int) -> str:
    """Return the text in at most `limit` characters, an ellipsis where something is left out."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def escape(text: str) -> str:
    """Return somebody's words so that they show as they are: no markdown, no mention, no line of their own."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def quote(text: str, limit: int) -> str:
    """Return somebody's words, in at most `limit` characters, as a block in which nothing is markdown or a mention."""
    apart = shorten(re.sub(r"`(?=`)", f"`{ZERO_WIDTH}", text), limit)
    return f"```\n{apart}\n```"


def words_or_none(text: str, locale: str) -> str:
    """Return the words of a prompt, or that there are none."""
    return text if text.strip() else say("bot.no_words", locale=locale)


def span(seconds: float, locale: str) -> str:
    """Return a duration in seconds or minutes."""
    if seconds < 90:
        return say("bot.seconds", locale=locale, count=max(1, round(seconds)))
    return say("bot.minutes", locale=locale, count=round(seconds / 60))


def moment(when: datetime, style: str) -> str:
    """Return a moment so that everybody reads it in their own time zone; styles: Discord's message formatting."""
    return f"<t:{int(when.timestamp())}:{style}>"
