"""Finds the terms of named groups in every reading of a text."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from moderation.normalise import Words, backwards, folded, readings, shape, spelled
from moderation.own_script import OwnScript, is_own, written
from moderation.policy import Group

# Shorter words are parts of too many others to be looked for inside a run of spelled letters, or backwards.
_SHORTEST_INSIDE = 4
#: Ends a word of a term that may go on as it likes: "kill*" is "kills" and "killing" as well.
_ANY = "*"
_SHORTEST_STEM = 3


@dataclass(frozen=True, slots=True)
class _Term:
    group: str
    words: Words
    harmless: bool

    def stands_at(self, words: Words, start: int) -> bool:
        """Tell whether the term's words stand there, letters repeated or not."""
        found = words[start : start + len(self.words)]
        return len(found) == len(self.words) and all(map(_says, found, self.words))


class Lexicon:
    """The terms of all groups, indexed by first word: the time to search grows with the text alone."""

    def __init__(self, groups: Mapping[str, Group], ordinary_backwards: Iterable[str] = ()) -> None:
        self._index: dict[str, list[_Term]] = defaultdict(list)
        self._stems: dict[str, list[_Term]] = defaultdict(list)
        self._patterns = dict(_compiled(groups))
        self._ordinary_backwards = frozenset(word[::-1] for word in ordinary_backwards)
        self._own_script = {name: OwnScript(group) for name, group in groups.items()}
        for name, group in groups.items():
            for harmless, phrases in ((False, group.words), (True, group.harmless)):
                for words in {words for phrase in phrases for words in _inflected(phrase)}:
                    index = self._stems if words[0].endswith(_ANY) else self._index
                    index[shape(words[0].removesuffix(_ANY))[0]].append(_Term(name, words, harmless))

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
        if not text.isascii():
            plain = written(text)
            found |= {name for name, terms in self._own_script.items() if terms.stands_in(plain)}
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
            and not any(word.endswith(_ANY) for word in term.words)  # a beginning says too little from behind
            and sum(len(words[place]) for place in places) >= _SHORTEST_INSIDE
            and not any(words[place] in self._ordinary_backwards for place in places)
        }

    def _hits(self, words: Words) -> Iterator[tuple[_Term, range]]:
        for start, word in enumerate(words):
            for term in self._candidates(shape(word)[0]):
                if term.stands_at(words, start):
                    yield term, range(start, start + len(term.words))

    def _candidates(self, letters: str) -> Iterator[_Term]:
        yield from self._index.get(letters, ())
        for length in range(_SHORTEST_STEM, len(letters) + 1):
            yield from self._stems.get(letters[:length], ())

    def _inside(self, run: str) -> set[str]:
        letters = shape(run)[0]
        return {group for group, word, wanted in self._spoken if wanted in letters and _holds(run, word)}

    @cached_property
    def _spoken(self) -> list[tuple[str, str, str]]:
        """Each term's group, its letters in one row, and these without repetition, by which most are told apart."""
        terms = [term for index in (self._index, self._stems) for terms in index.values() for term in terms]
        rows = ((term.group, "".join(term.words).replace(_ANY, "")) for term in terms if not term.harmless)
        return [(group, word, shape(word)[0]) for group, word in rows]


def _holds(run: str, word: str) -> bool:
    """Tell whether spelled letters say the word, or hold it where it is too long to be there by chance."""
    if len(word) < _SHORTEST_INSIDE:
        return _says(run, word)
    (letters, counts), (wanted, least) = shape(run), shape(word)
    starts = (start for start in range(len(letters)) if letters.startswith(wanted, start))
    return wanted in letters and any(all(map(int.__ge__, counts[start:], least)) for start in starts)


def _says(found: str, word: str) -> bool:
    """Tell whether a word as found is the word looked for, letters repeated or not: "boook" is "book", "bok" is not."""
    (letters, counts), (wanted, least) = shape(found), shape(word.removesuffix(_ANY))
    fits = letters.startswith(wanted) if word.endswith(_ANY) else letters == wanted
    return fits and all(map(int.__ge__, counts, least))


def _inflected(phrase: str) -> Iterator[Words]:
    """Yield the phrase as words, and with a plural s; nothing for a phrase that is looked for in its own script."""
    # An apostrophe is a gap in one reading and nothing in another: "l'ami", "derev'ya".
    bases = () if is_own(phrase) else folded(phrase)
    for way in {way for base in bases for way in (base, base.replace("'", ""))}:
        words = tuple(re.findall(r"[a-z0-9]+\*?", way))
        yield words
        if not words[-1].endswith(("s", _ANY)):
            yield (*words[:-1], f"{words[-1]}s")


def _compiled(groups: Mapping[str, Group]) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield each group's patterns over folded text as one; those with other letters are looked for as written."""
    for name, group in groups.items():
        if patterns := [pattern for pattern in group.patterns if pattern.isascii()]:
            yield name, re.compile("|".join(patterns))
