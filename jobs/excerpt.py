"""An excerpt of the history as one JSON file: enough to draw its pictures again where nothing else is known of them."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from config.words import UserError
from db.ids import is_record_id
from db.tables.record import Record
from inference.request import ImageRequest

FORMAT = "imagine excerpt 1"
START, MIDDLE, END = f'{{"format": "{FORMAT}", "records": [\n', '\n], "files": {\n', "\n}}\n"
SEPARATOR = ",\n"

Json = dict[str, Any]


class NotAnExcerpt(UserError):
    """The file is none that /history exports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One picture: what it was drawn from and what came of it.

    `request` names the pictures that it starts from by the SHA-256 of their files; `sources` says which entry each of
    these is, by its id, as a file that is drawn again has another hash. `marked_as` is the id in its pixels: that of
    its original where it is a reproduction. `parents` are the actions by the parents' ids.
    """

    id: str
    marked_as: str
    made: str
    sha256: str
    pixels_sha256: str
    checkpoint_revision: str
    request: Json
    fingerprint: Json
    publishes_prompt: bool
    parents: dict[str, str]
    sources: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Entries, each after those that it starts from, and the small files (masks) that they need, by SHA-256."""

    entries: tuple[Entry, ...]
    files: dict[str, bytes]

    def to_json(self) -> bytes:
        """Return the file: a line for each entry and for each small file."""
        entries = SEPARATOR.join(map(_line, self.entries))
        files = SEPARATOR.join(_file_line(*each) for each in self.files.items())
        return f"{START}{entries}{MIDDLE}{files}{END}".encode()

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Return what `to_json` wrote. Raises NotAnExcerpt for anything else."""
        try:
            told = json.loads(data)
            files = {name: b64decode(text, validate=True) for name, text in told["files"].items()}
            excerpt = cls(entries=tuple(Entry(**each) for each in told["records"]), files=files)
            is_ours = told["format"] == FORMAT
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise NotAnExcerpt("jobs.not_an_excerpt") from error
        if not is_ours or not all(is_record_id(name) for each in excerpt.entries for name in (each.id, each.marked_as)):
            raise NotAnExcerpt("jobs.not_an_excerpt")
        return excerpt


def sizes_of(entries: Iterable[Entry], files: Mapping[str, bytes]) -> dict[str, int]:
    """Return how many bytes each of them takes in the file, by the entry's id or the small file's SHA-256."""
    lines = {each.id: _line(each) for each in entries} | {name: _file_line(name, data) for name, data in files.items()}
    return {name: len(f"{line}{SEPARATOR}".encode()) for name, line in lines.items()}


def entry_of(record: Record, marked_as: str, parents: dict[str, str], by_file: Mapping[str, str]) -> Entry:
    """Return a record's entry; `by_file` are the ids of all in the excerpt by the SHA-256 of their files."""
    return Entry(
        id=record.id,
        marked_as=marked_as,
        made=record.finished_at.isoformat(),
        sha256=record.sha256,
        pixels_sha256=record.pixels_sha256,
        checkpoint_revision=record.checkpoint_revision,
        request=record.request,
        fingerprint=record.fingerprint,
        publishes_prompt=record.publishes_prompt,
        parents=parents,
        sources={name: by_file[name] for name in ImageRequest.from_dict(record.request).files if name in by_file},
    )


def sources_first(unordered: Sequence[Entry]) -> Iterator[Entry]:
    """Yield the entries, each after those that it starts from."""
    entries = {entry.id: entry for entry in unordered}
    begun, done = set[str](), set[str]()
    left = list(unordered)[::-1]
    while left:
        entry = left[-1]
        before = [entries[each] for each in entry.sources.values() if each in entries and each not in done]
        if before and entry.id not in begun:  # who is met again is no further off for it: a forged file may go round
            begun.add(entry.id)
            left += before
            continue
        left.pop()
        if entry.id not in done:
            done.add(entry.id)
            yield entry


def with_sources(entry: Entry, entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return an entry and all that it starts from, as far as it is among the entries, by their ids."""
    found, new = {entry.id: entry}, [entry]
    while new:
        ids = {name for each in new for name in each.sources.values()} & entries.keys() - found.keys()
        new = [entries[name] for name in ids]
        found |= {each.id: each for each in new}
    return found


def _line(entry: Entry) -> str:
    return json.dumps(asdict(entry), ensure_ascii=False)


def _file_line(name: str, data: bytes) -> str:
    return f'"{name}": "{b64encode(data).decode()}"'
