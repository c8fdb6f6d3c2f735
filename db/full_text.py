"""Full text: which words a prompt has, what somebody's search asks of them, and how each database answers it.

Both databases are given the same plain words, so that the same search finds the same records on both.
"""

import re
from dataclasses import dataclass
from typing import Any, Self
from unicodedata import category, normalize

from sqlalchemy import ColumnElement, Select, column, false, func, literal_column, select, table, tuple_

from db.tables.record import RecordRow

WORD_LENGTH = 64  # characters that are told apart; PostgreSQL leaves words of two kilobytes out
PICTURES_OF_A_JOB = 1 << 10  # the number of a record in SQLite's index is job_id * this + index
ALONE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # written without spaces
WORD = re.compile(rf"[{ALONE}]|[^\W_{ALONE}]+")
PART = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')

INDEX = table("record_words", column("rowid"), column("words"))
NUMBER: ColumnElement[int] = literal_column("record_words.rowid")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand side by side; of one that was not quoted, the last may go on."""

    words: tuple[str, ...]
    goes_on: bool

    def for_sqlite(self) -> str:
        """Return it in the language of FTS5."""
        return f'"{" ".join(self.words)}"{"*" if self.goes_on else ""}'

    def for_postgresql(self) -> str:
        """Return it in the language of to_tsquery."""
        words = [f"'{word}'" for word in self.words]
        return f"({' <-> '.join(words)}{':*' if self.goes_on else ''})"


@dataclass(frozen=True, slots=True)
class Search:
    """What a search asks for: each of `wanted` and none of `unwanted`."""

    wanted: tuple[Phrase, ...]
    unwanted: tuple[Phrase, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read words, "quoted phrases" and what is -left out; no text is wrong, but it may ask for nothing."""
        phrases: dict[bool, list[Phrase]] = {True: [], False: []}
        for minus, quoted, bare in PART.findall(text):
            if words := tuple(words_in(quoted or bare)):
                phrases[not minus].append(Phrase(words, goes_on=not quoted))
        return cls(tuple(phrases[True]), tuple(phrases[False]))


def words_in(text: str) -> list[str]:
    """Return the words of a text without case and accents; of what is written without spaces, each character."""
    folded = normalize("NFKD", normalize("NFKD", text).casefold())
    plain = normalize("NFC", "".join(each for each in folded if not category(each).startswith("M")))
    return [word[:WORD_LENGTH] for word in WORD.findall(plain)]


def words_of(prompt: str, negative_prompt: str) -> str:
    """Return what is kept of both prompts to search by."""
    return " ".join((*words_in(prompt), *words_in(negative_prompt)))


def matching(text: str, *, is_sqlite: bool) -> ColumnElement[bool]:
    """Return the condition that a record's prompts have what the text asks for; without a word it is never met."""
    search = Search.parse(text)
    if not search.wanted + search.unwanted:
        return false()
    return _in_sqlite(search) if is_sqlite else _in_postgresql(search)


def _in_sqlite(search: Search) -> ColumnElement[bool]:
    wanted = " AND ".join(phrase.for_sqlite() for phrase in search.wanted)
    unwanted = " OR ".join(phrase.for_sqlite() for phrase in search.unwanted)
    if not wanted:  # its language has no way to ask for what has not
        return (RecordRow.job_id * PICTURES_OF_A_JOB + RecordRow.index).not_in(_numbers(unwanted, NUMBER))
    asked = f"({wanted}) NOT ({unwanted})" if unwanted else wanted
    # by two columns that have an index together: where few records match, few are looked at
    keys = (NUMBER.op("/")(PICTURES_OF_A_JOB), NUMBER.op("%")(PICTURES_OF_A_JOB))
    return tuple_(RecordRow.job_id, RecordRow.index).in_(_numbers(asked, *keys))


def _numbers(asked: str, *columns: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    return select(*columns).select_from(INDEX).where(INDEX.c.words.op("MATCH")(asked))


def _in_postgresql(search: Search) -> ColumnElement[bool]:
    parts = [phrase.for_postgresql() for phrase in search.wanted]
    parts += [f"!{phrase.for_postgresql()}" for phrase in search.unwanted]
    vector: ColumnElement[str] = literal_column("records.words_vector")
    return vector.bool_op("@@")(func.to_tsquery(literal_column("'simple'"), " & ".join(parts)))
