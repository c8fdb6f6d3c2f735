"""Finds the terms of named groups in every reading of a text."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from moderation.normalise import Words, backwards, folded, readings, shape, spelled, visible
from moderation.policy import Group

# Shorter words are parts of too many others to be looked for inside a run of spelled letters, or backwards.
_SHORTEST_INSIDE = 4
# Kana, Han and Hangul, where words run together or carry particles: gaps between them mean nothing.
_UNSPACED = "\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_GAPS = re.compile(rf"(?<=[{_UNSPACED}])\s+|\s+(?=[{_UNSPACED}])")
# Besides those, Arabic and Devanagari, whose vowels folding loses.
_OWN_SCRIPT = re.compile(rf"[{_UNSPACED}\u0600-\u06ff\u0900-\u097f]")
_PUNCTUATION = re.compile(r"[\s!-/:-@\[-`{-~،؛؟।、。・「」]+")


@dataclass(frozen=True, slots=True)
class _Term:
    group: str
    words: Words
    harmless: bool

    def stands_at(self, words: Words, start: int) -> bool:
        """Tell whether the term's words stand there, letters repeated or not."""
        found = words[start : start + len(self.words)]
        return len(found) == len(self.words) and all(map(_says, found, self.words))


class _OwnScript:
    """A group's terms in scripts that say too little once folded to ASCII, found as they are written."""

    def __init__(self, group: Group) -> None:
        self._terms, self._harmless = (
            tuple(_written(phrase) for phrase in phrases if _OWN_SCRIPT.search(phrase))
            for phrases in (group.words, group.harmless)
        )

    def stands_in(self, text: str) -> bool:
        """Tell whether one of the terms stands in the text, outside of every harmless phrase."""
        if not self._terms:
            return False
        written = _written(text)
        for phrase in self._harmless:
            written = written.replace(phrase, " ")
        return any(term in written for term in self._terms)


class Lexicon:
    """The terms of all groups, indexed by first word: the time to search grows with the text alone."""

    def __init__(self, groups: Mapping[str, Group], ordinary_backwards: Iterable[str] = ()) -> None:
        self._index: dict[str, list[_Term]] = defaultdict(list)
        self._patterns = {
            name: re.compile("|".join(group.patterns)) for name, group in groups.items() if group.patterns
        }
        self._ordinary_backwards = frozenset(word[::-1] for word in ordinary_backwards)
        self._own_script = {name: _OwnScript(group) for name, group in groups.items()}
        for name, group in groups.items():
            for harmless, phrases in ((False, group.words), (True, group.harmless)):
                for words in {words for phrase in phrases for words in _inflected(phrase)}:
                    self._index[shape(words[0])[0]].append(_Term(name, words, harmless))

    def groups_in(self, text: str) -> frozenset[str]:
        """Return the names of the groups that the text mentions, however it is disguised."""
        found: set[str] = set()
        for words in readings(text):
            found |= self._forwards(words)
            found |= self._backwards(backwards(words))
        for run in spelled(text):
            found |= self._inside(run)
        for plain in folded(text):
            found |= {name for name, pattern in self._patterns.items() if pattern.search(plain)}
        if _OWN_SCRIPT.search(text):
            found |= {name for name, terms in self._own_script.items() if terms.stands_in(text)}
        return frozenset(found)

    def _forwards(self, words: Words) -> set[str]:
        hits = list(self._hits(words))
        covered = {(term.group, place) for term, places in hits if term.harmless for place in places}
        return {
            term.group
            for term, places in hits
            if not term.harmless and not all((term.group, place) in covered for place in places)
        }

    def _backwards(self, words: Words) -> set[str]:
        return {
            term.group
            for term, places in self._hits(words)
            if not term.harmless
            and sum(len(words[place]) for place in places) >= _SHORTEST_INSIDE
            and not any(words[place] in self._ordinary_backwards for place in places)
        }

    def _hits(self, words: Words) -> Iterator[tuple[_Term, range]]:
        for start, word in enumerate(words):
            for term in self._index.get(shape(word)[0], ()):
                if term.stands_at(words, start):
                    yield term, range(start, start + len(term.words))

    def _inside(self, run: str) -> set[str]:
        return {term.group for term in self._terms if not term.harmless and _holds(run, "".join(term.words))}

    @cached_property
    def _terms(self) -> list[_Term]:
        return [term for terms in self._index.values() for term in terms]


def _holds(run: str, word: str) -> bool:
    """Tell whether spelled letters say the word, or hold it where it is too long to be there by chance."""
    if len(word) < _SHORTEST_INSIDE:
        return _says(run, word)
    (letters, counts), (wanted, least) = shape(run), shape(word)
    starts = (start for start in range(len(letters)) if letters.startswith(wanted, start))
    return wanted in letters and any(all(map(int.__ge__, counts[start:], least)) for start in starts)


def _says(found: str, word: str) -> bool:
    """Tell whether a word as found is the word looked for, letters repeated or not: "boook" is "book", "bok" is not."""
    (letters, counts), (wanted, least) = shape(found), shape(word)
    return letters == wanted and all(map(int.__ge__, counts, least))


def _inflected(phrase: str) -> Iterator[Words]:
    """Yield the phrase as words, and with a plural s; nothing for a phrase that is looked for in its own script."""
    for base in () if _OWN_SCRIPT.search(phrase) else folded(phrase):
        words = tuple(re.findall(r"[a-z0-9]+", base))
        yield words
        if not words[-1].endswith("s"):
            yield (*words[:-1], f"{words[-1]}s")


def _written(text: str) -> str:
    """Return the text as its words stand, one space around each; none inside scripts that know no gaps."""
    return _GAPS.sub("", f" {' '.join(_PUNCTUATION.split(visible(text)))} ".replace("  ", " "))
