"""Undoes what people do to a word so that a filter misses it: every way to read a text, each as words."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import groupby

from anyascii import anyascii
from confusable_homoglyphs import confusables

Words = tuple[str, ...]

_OVERRIDE = re.compile("\u202e([^\u202c\n]*)\u202c?")
# Blank characters that Unicode does not class as such: Hangul fillers and the empty Braille cell.
_BLANKS = dict.fromkeys((0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800))
_DROPPED = frozenset(("Cf", "Mn", "Me", "Co", "Cs", "Cn"))
# Marks that are letters of their own: vowel signs of Devanagari (all but the dot below), the voicing of kana.
_SPELLED = frozenset(map(chr, (*range(0x0900, 0x093C), *range(0x093D, 0x0980), 0x3099, 0x309A)))
# Signs by their looks, where the Unicode table knows none or anyascii goes by sound.
_SIGNS = str.maketrans("αβγδεζηθικλνοπρστυχωгипцшьязв€£¢¥", "abydezn0iklvonpotuxwrnnuwbr3belcy")
_WEIGHT = re.compile(r":\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?=\s*[)\]}>])")
_GLUE = re.compile(r"(?<=[^\W_])[\[\](){}<>._\-*~'^`+|/\\:\"]+(?=[^\W_])")
_WORD = re.compile(r"[a-z0-9]+")
_CHUNK = re.compile(r"\S+")
_TOKEN = re.compile(r"[a-z0-9@$]+|[!|+]")
_LEET = {"0": "o", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g", "@": "a", "$": "s", "+": "t"}
_LEET_TABLES = tuple(str.maketrans({**_LEET, **dict.fromkeys("1!|", letter)}) for letter in "il")
# These also end a sentence or join a list: they stand for letters only before another letter, glued on or not.
_INSIDE_ONLY = re.compile(r"[!|+]++(?![\[\](){}<>._\-*~'^`/\\:\"]*[\w@$])")
_SHORTEST_RUN = 3


def visible(text: str) -> str:
    """Return the text as a reader sees it: overrides undone, compatibility forms folded, invisible characters gone."""
    shown = _OVERRIDE.sub(lambda match: match[1][::-1], text)
    if shown.isascii():
        return "".join(char for char in shown if char.isprintable() or char.isspace())
    folded = unicodedata.normalize("NFKD", shown).translate(_BLANKS)
    return unicodedata.normalize("NFC", "".join(_seen(char) for char in folded))


def legible(text: str) -> str:
    """Return the text as a reader sees it, its accents and composed letters kept as its language writes them."""
    shown = _OVERRIDE.sub(lambda match: match[1][::-1], text)
    return "".join(_seen(char) for char in unicodedata.normalize("NFKC", shown).translate(_BLANKS))


def folded(text: str) -> tuple[str, ...]:
    """Return the text in lower-case ASCII: by the looks of its letters and, where that differs, by their sound."""
    shown = visible(text)
    if shown.isascii():
        return (shown.lower(),)
    # The looks go first: a borrowed letter hides in a word of another script.
    # Small letters have look-alikes that their capitals lack.
    by_looks = anyascii(shown.translate(_lookalikes()).lower().translate(_lookalikes()).translate(_SIGNS)).lower()
    by_sound = anyascii(shown).lower()
    return (by_looks,) if by_looks == by_sound else (by_looks, by_sound)


def readings(text: str) -> tuple[Words, ...]:
    """Return every way to read the text forwards, as words of a-z and 0-9, without duplicates."""
    found = (_words(way) for base in folded(text) for way in _ways(base))
    return tuple(dict.fromkeys(found))


def spelled(text: str) -> tuple[str, ...]:
    """Return the runs of three or more single letters ("a b c", "aa, b, c") joined, each in both directions."""
    joined: list[str] = []
    for base in folded(text):
        for single, tokens in groupby(_TOKEN.findall(base), key=lambda token: len(set(token)) == 1):
            run = "".join(tokens)
            if single and len(run) >= _SHORTEST_RUN and any(char.isalpha() for char in run):
                joined += (run.translate(table) for table in _LEET_TABLES)
    return tuple(dict.fromkeys(way for run in joined for way in (run, run[::-1])))


def backwards(words: Words) -> Words:
    """Return the words as they read from right to left."""
    return tuple(word[::-1] for word in reversed(words))


@lru_cache(maxsize=65536)
def shape(word: str) -> tuple[str, tuple[int, ...]]:
    """Return the word without repeated letters, and how often each stood: "boo" is ("bo", (1, 2))."""
    runs = [(letter, len(list(run))) for letter, run in groupby(word)]
    return "".join(letter for letter, _ in runs), tuple(length for _, length in runs)


def _seen(char: str) -> str:
    if char.isspace() or char in _SPELLED:
        return char
    category = unicodedata.category(char)
    if category in _DROPPED or category == "Cc":
        return ""
    return " " if category.startswith("Z") else char


@cache
def _lookalikes() -> dict[int, str]:
    """Return the ASCII letter or digit that each other character is confused with, by Unicode's own table."""
    table: dict[int, str] = {}
    for char, others in confusables.confusables_data.items():
        if len(char) == 1 and not char.isascii():
            twins = [other["c"] for other in others if other["c"].isascii() and other["c"].isalnum()]
            if twins:
                table[ord(char)] = twins[0]
    return table


def _ways(base: str) -> Iterator[str]:
    """Yield the text with the marks inside words as gaps and as nothing, each with digits as digits and as letters."""
    plain = _WEIGHT.sub("", base)
    # A bar is a letter or, in "{cat|dog}", stands between words.
    barred = {plain, plain.replace("|", " ")}
    for text in (plain, *(_unleet(way, table) for way in barred for table in _LEET_TABLES)):
        yield text
        yield _GLUE.sub("", text)


def _unleet(text: str, table: dict[int, str]) -> str:
    return _CHUNK.sub(lambda match: _letters(match[0], table), text)


def _letters(chunk: str, table: dict[int, str]) -> str:
    """Return a chunk that mixes letters with signs as letters; numbers alone stay numbers."""
    if not any(char.isalpha() for char in chunk):
        return chunk
    return _INSIDE_ONLY.sub(" ", chunk).translate(table)


def _words(text: str) -> Words:
    return tuple(_WORD.findall(text))
