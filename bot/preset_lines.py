"""Presets and defaults as people read them."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.wording import escape, quote, shorten
from config.words import say
from db.presets import Preset

CONTENT_LENGTH = 2_000
WORDS_LENGTH = 850  #: of each of two quotes that fit into one message
LINE_LENGTH = 150
NAMES = {"checkpoint": "model", "negative_prompt": "negative prompt"}  #: of fields that people know by another


def preset_text(preset: Preset, locale: str) -> str:
    """Return all that a preset says."""
    lines = [say("bot.preset", locale=locale, name=escape(preset.name))]
    if preset.template:
        lines.append(quote(preset.template, WORDS_LENGTH))
    if preset.negative_prompt:
        negative = escape(shorten(preset.negative_prompt, WORDS_LENGTH // 2))
        lines.append(say("bot.without", locale=locale, negative_prompt=negative))
    if preset.settings:
        lines.append(settings_text(preset.settings))
    return shorten("\n".join(lines), CONTENT_LENGTH)


def presets_text(presets: Sequence[Preset], locale: str) -> str:
    """Return the presets, a line each."""
    lines = [say("bot.presets", locale=locale)]
    for preset in presets:
        told = preset.template or preset.negative_prompt or settings_text(preset.settings)
        lines.append(
            say("bot.preset_line", locale=locale, name=escape(preset.name), words=escape(shorten(told, LINE_LENGTH)))
        )
    return _whole_lines(lines)


def settings_text(settings: Mapping[str, Any]) -> str:
    """Return settings in one line."""
    return ", ".join(f"{NAMES.get(name, name)}: {value}" for name, value in settings.items())


def _whole_lines(lines: Sequence[str]) -> str:
    """Return as many lines as a message holds, and an ellipsis where there are more."""
    text = lines[0]
    for line in lines[1:]:
        if len(text) + len(line) + 3 > CONTENT_LENGTH:
            return f"{text}\n…"
        text += f"\n{line}"
    return text
