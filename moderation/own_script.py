"""Terms in scripts that say too little once folded to ASCII, found as they are written."""

import re

from moderation.normalise import visible
from moderation.policy import Group

# Kana, Han and Hangul, where words run together or carry particles: gaps between them mean nothing.
_UNSPACED = "\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_GAPS = re.compile(rf"(?<=[{_UNSPACED}])\s+|\s+(?=[{_UNSPACED}])")
# Besides those, Arabic and Devanagari, whose vowels folding loses.
_OWN_SCRIPT = re.compile(rf"[{_UNSPACED}\u0600-\u06ff\u0900-\u097f]")
_PUNCTUATION = re.compile(r"[\s!-/:-@\[-`{-~،؛؟।、。・「」]+")
# Letters that Arabic writes in either way, and what stands before a noun without being part of it.
_ALIKE = str.maketrans("ةىکی", "هيكي")
_BEFORE = re.compile(r"(?<= )[وف]?(?:[بك]?ال|لل)(?=[\u0621-\u064a]{3})")


class OwnScript:
    """What one group knows of such scripts: words, a star at the end for any ending, and patterns that are no ASCII."""

    def __init__(self, group: Group) -> None:
        self._terms, self._harmless = (
            tuple(_term(phrase) for phrase in phrases if is_own(phrase)) for phrases in (group.words, group.harmless)
        )
        patterns = [pattern for pattern in group.patterns if not pattern.isascii()]
        self._pattern = re.compile("|".join(visible(each).translate(_ALIKE) for each in patterns)) if patterns else None

    def stands_in(self, text: str) -> bool:
        """Tell whether one of the terms stands in the written text, outside of every harmless phrase."""
        for phrase in self._harmless:
            text = text.replace(phrase, " ")
        return any(term in text for term in self._terms) or (
            self._pattern is not None and self._pattern.search(text) is not None
        )


def is_own(text: str) -> bool:
    """Tell whether letters of such a script stand in the text."""
    return _OWN_SCRIPT.search(text) is not None


def written(text: str) -> str:
    """Return the text as its words stand, one space around each; none inside scripts that know no gaps."""
    spaced = f" {' '.join(_PUNCTUATION.split(visible(text)))} ".replace("  ", " ").lower().translate(_ALIKE)
    return _GAPS.sub("", _BEFORE.sub("", spaced))


def _term(phrase: str) -> str:
    """Return the phrase as it would be written, open at its end where a star stands."""
    return written(phrase.removesuffix("*")).rstrip() if phrase.endswith("*") else written(phrase)
