"""What LoRAs and textual inversions there are in a folder, and what they say of themselves; nothing is loaded.

A file called like the adapter, but .toml (title, trigger_words, weight) or .json (as the web UI of AUTOMATIC1111 writes
it), is believed before the adapter's own metadata.
"""

import json
import logging
import struct
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.request import ADAPTER_WEIGHT

HEADER_BYTES = 16 << 20
NOTES_BYTES = 1 << 20
WORD_LENGTH = 200
MOST_WORDS = 5
WEIGHT = 1.0
SEPARATORS = set(",:")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterFile:
    """An adapter by its name, the words that call upon it, and how strongly it is added where nobody says."""

    name: str
    title: str
    words: tuple[str, ...]
    weight: float


class Unreadable(Exception):
    """A file is no safetensors file, or its notes are no notes."""


def read_adapters(folder: Path) -> dict[str, AdapterFile]:
    """Return the folder's adapters by name, in its order; what cannot be read is logged and left out."""
    found = {}
    for path in sorted(folder.glob("*.safetensors")):
        try:
            found[path.stem] = read_adapter(path)
        except (Unreadable, OSError) as error:
            log.warning("adapter %s is left out: %s", path, error)
    return found


def read_adapter(path: Path) -> AdapterFile:
    """Return what an adapter's header and the file beside it say. Raises Unreadable and OSError."""
    if set(path.stem) & SEPARATORS:
        raise Unreadable("nobody could ask for it: a comma and a colon part names and strengths")
    header = read_header(path)
    metadata, notes = _mapping(header.get("__metadata__")), _notes_beside(path)
    own = (path.stem,) if not any("lora" in key for key in header) else ()  # a textual inversion is a word itself
    words = notes.get("trigger_words") or notes.get("activation text")
    return AdapterFile(
        name=path.stem,
        title=_text(notes.get("title")) or _text(metadata.get("modelspec.title")) or path.stem,
        words=own or (_words_of(metadata) if words is None else _split(words)),
        weight=_weight(notes.get("weight"), notes.get("preferred weight")),
    )


def read_header(path: Path) -> dict[str, Any]:
    """Return the header of a safetensors file: eight bytes of length, then JSON. Raises Unreadable and OSError."""
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 0 < length <= HEADER_BYTES:
            raise Unreadable(f"its header would have {length} bytes")
        return _parsed(file.read(length))


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise Unreadable("it holds no names")
    return value


def _notes_beside(path: Path) -> dict[str, Any]:
    """Return what the file beside an adapter says; nothing where there is none or it cannot be read."""
    for notes, read in ((path.with_suffix(".toml"), _toml), (path.with_suffix(".json"), _parsed)):
        try:
            with notes.open("rb") as file:
                return read(file.read(NOTES_BYTES))
        except FileNotFoundError:
            continue
        except (Unreadable, OSError) as error:
            log.warning("the notes %s cannot be read: %s", notes, error)
    return {}


def _toml(data: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is no TOML: {error}") from None


def _words_of(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the trigger phrase; else the tag that it was trained on most often, as sd-scripts counts them."""
    if phrase := _text(metadata.get("modelspec.trigger_phrase")):
        return _split(phrase)
    try:
        counted = _parsed(str(metadata.get("ss_tag_frequency", "{}")).encode())
    except Unreadable:
        return ()
    tags: dict[str, int] = {}
    for of_folder in counted.values():
        for tag, count in _mapping(of_folder).items():
            tags[tag.strip()] = tags.get(tag.strip(), 0) + (count if isinstance(count, int) else 0)
    return tuple(sorted(filter(_text, tags), key=lambda tag: -tags[tag])[:1])


def _split(words: Any) -> tuple[str, ...]:
    parts = words if isinstance(words, list) else str(words).split(",")
    return tuple(dict.fromkeys(text for part in parts if (text := _text(part))))[:MOST_WORDS]


def _text(value: Any) -> str:
    return " ".join(value.split())[:WORD_LENGTH] if isinstance(value, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _weight(*told: Any) -> float:
    """Return the first that is a strength."""
    low, high = ADAPTER_WEIGHT
    numbers = (float(each) for each in told if isinstance(each, int | float))
    return next((number for number in numbers if low <= number <= high), WEIGHT)
