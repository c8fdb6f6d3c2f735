"""Every sentence that a person reads, in one place, ready for translation."""

import tomllib
from functools import cache, partial
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("words")
FALLBACK = "en"


@cache
def _catalogue(locale: str) -> dict[str, str]:
    sentences: dict[str, str] = {}
    for path in sorted((FOLDER / locale).glob("*.toml")):
        for key, sentence in tomllib.loads(path.read_text(encoding="utf-8")).items():
            sentences[f"{path.stem}.{key}"] = sentence
    return sentences


def speaks(locale: str) -> bool:
    """Say whether the catalogue has any words in the locale's language."""
    return bool(_catalogue(locale) or _catalogue(locale.split("-")[0]))


def say(key: str, /, *, locale: str = FALLBACK, **values: Any) -> str:
    """Return the sentence `key` ("file.name") in the locale, English where it has no translation.

    Raises KeyError for a key or a value that the catalogue does not know.
    """
    sentence = _catalogue(locale).get(key) or _catalogue(locale.split("-")[0]).get(key) or _catalogue(FALLBACK)[key]
    return sentence.format(**values)


class UserError(Exception):
    """An error whose sentence is meant for the person who caused it; its key names the sentence."""

    def __init__(self, key: str, /, **values: Any) -> None:
        self.key = key
        self.values = values
        super().__init__(say(key, **values))

    def __reduce__(self) -> tuple[Any, tuple[()]]:
        """Let it cross between processes with its key and values, which Exception alone would lose."""
        return partial(type(self), self.key, **self.values), ()

    def sentence(self, locale: str) -> str:
        """Return the sentence in the person's language."""
        return say(self.key, locale=locale, **self.values)
