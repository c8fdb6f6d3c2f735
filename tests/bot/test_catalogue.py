"""The code and the catalogue know the same sentences."""

import ast
import re
import string
import tomllib
from collections.abc import Iterator

import pytest

from config.settings import ROOT
from config.words import FOLDER

ROOMS = ("bot", "jobs", "inference", "moderation", "provenance", "db", "painting", "config")
FILES = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in (FOLDER / "en").glob("*.toml")}
SENTENCES = {f"{file}.{name}": sentence for file, names in FILES.items() for name, sentence in names.items()}
KEY = re.compile(r"(bot|buttons|commands|verify)\.[a-z0-9_]+")
CALLS = {"say", "words", "UserError", "InvalidRequest", "ClerkFailed", "Note"}


def trees() -> Iterator[ast.AST]:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            yield ast.parse(path.read_text(encoding="utf-8"), str(path))


def pattern_of(node: ast.AST) -> str | None:
    """Return the pattern of the keys that a string of the code can be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.escape(node.value)
    if isinstance(node, ast.JoinedStr):
        parts = (str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)
        return re.escape("".join(parts)).replace(re.escape("\0"), "[a-z_]+")
    return None


def strings() -> set[str]:
    return {found for tree in trees() for node in ast.walk(tree) if (found := pattern_of(node)) is not None}


def asked_for() -> Iterator[str]:
    """Every key that is handed to what looks sentences up."""
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.func.id if isinstance(node.func, ast.Name) else ""
                if name in CALLS:
                    yield str(node.args[0].value)


def test_every_sentence_that_the_code_asks_for_is_there() -> None:
    keys = set(asked_for())

    assert len(keys) > 100
    assert keys - SENTENCES.keys() == set()


def test_every_string_that_looks_like_a_key_is_one() -> None:
    used = {found.replace("\\", "") for found in strings()}

    assert {text for text in used if KEY.fullmatch(text)} - SENTENCES.keys() == set()


@pytest.mark.parametrize("file", ["bot", "buttons", "commands", "describe", "inference", "painting", "verify"])
def test_every_sentence_of_the_catalogue_is_used(file: str) -> None:
    patterns = [re.compile(found) for found in strings() if found.startswith(f"{file}\\.")]
    unused = [key for key in SENTENCES if key.startswith(f"{file}.") and not any(p.fullmatch(key) for p in patterns)]

    assert unused == []


def test_no_sentence_needs_a_value_by_position() -> None:
    fields = {
        name
        for sentence in SENTENCES.values()
        for _, name, _, _ in string.Formatter().parse(sentence)
        if name is not None
    }

    assert all(name.isidentifier() for name in fields)


def test_labels_and_descriptions_keep_within_discords_limits() -> None:
    assert max(len(label) for label in FILES["buttons"].values()) <= 80 - len(" 99")
    assert max(len(text) for name, text in FILES["commands"].items() if not name.startswith("menu_")) <= 100
    assert max(len(text) for name, text in FILES["commands"].items() if name.startswith("menu_")) <= 32
    assert len(FILES["bot"]["help"]) <= 2000
