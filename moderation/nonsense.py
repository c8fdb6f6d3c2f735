"""Prompts that are no words: control tokens of a model, and strings of random letters."""

import re

from moderation.normalise import visible

_CONTROL = re.compile(
    r"<\s*\|[^|<>\n]{1,40}\|\s*>|</?s>|\[/?(?:inst|cls|sep|pad|mask)\]|<(?:pad|unk|bos|eos|mask)>", re.I
)
_LATIN_WORD = re.compile(r"[a-z]+")
_HARD = re.compile(r"[bcdfghjklmnpqrstvwxz]{5,}|[aeiou]{5,}|^[^aeiouy]{4,}$|q[^u]|(.)\1{3,}")
_LONGEST = 32
# Below this, a word is too short to tell an abbreviation from noise.
_SHORTEST = 4
_FEWEST_LETTERS = 8


def has_control_tokens(text: str) -> bool:
    """Tell whether the text spells a control token such as the start or end marks of a text encoder."""
    return _CONTROL.search(visible(text)) is not None


def noise(text: str) -> float:
    """Return the share of letters, from 0 to 1, that stand in words which no language in Latin script would write.

    Text too short to judge, or in another script, is 0.
    """
    words = [word for word in _LATIN_WORD.findall(visible(text).casefold()) if len(word) >= _SHORTEST]
    letters = sum(map(len, words))
    if letters < _FEWEST_LETTERS:
        return 0.0
    return sum(len(word) for word in words if len(word) > _LONGEST or _HARD.search(word)) / letters
