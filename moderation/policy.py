"""The policy: the licence's clauses and the server's rules as frozen values, read from a TOML file."""

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from config.settings import ROOT, ConfigError
from config.words import FALLBACK, say
from moderation.ladder import Strikes

DEFAULT = ROOT / "config" / "policy.toml"
LABELS = tuple("abcdefghijk")
SERVER_RULES = ("nudity", "gore", "harm", "self_harm", "real_people", "nonsense", "operator")


class Verdict(StrEnum):
    """What a decision does with a request, from mildest to hardest."""

    ALLOW = "allow"
    REFUSE = "refuse"
    STRIKE = "refuse and strike"
    LOCK = "lock"

    @property
    def severity(self) -> int:
        """Return the rank among the verdicts, 0 for allow."""
        return list(Verdict).index(self)


class Means(StrEnum):
    """How a clause or rule is upheld."""

    PROMPT = "prompt"
    PICTURE = "picture"
    TERMS = "terms"


_Model = TypeVar("_Model", bound=BaseModel)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Licence(_Frozen):
    """The licence that the clauses come from."""

    name: str = Field(min_length=1)
    address: str = Field(pattern=r"^https://\S+$")


class Clause(_Frozen):
    """One use restriction of the licence, or one rule of the server."""

    title: str = Field(min_length=1)
    text: str = Field(min_length=1)
    checks: tuple[Means, ...] = Field(min_length=1)
    action: Verdict
    reply: str = Field(min_length=1)
    relaxed_in_age_restricted: bool = False
    fixed: bool = False


class Learned(_Frozen):
    """How sure the classifier must be before a prompt is refused on its word."""

    threshold: float = Field(allow_inf_nan=False)


class Group(_Frozen):
    """Words, phrases and patterns that mean one thing; `except` lists harmless phrases that contain them.

    A group of the field "negative" is read in negative prompts only, where it asks for the opposite.
    """

    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    harmless: tuple[str, ...] = Field(default=(), alias="except")
    field: str = Field(default="prompt", pattern="^(prompt|negative)$")

    @model_validator(mode="after")
    def _words_and_patterns_can_be_found(self) -> Self:
        for word in (*self.words, *self.harmless):
            if not any(char.isalnum() for char in word):
                raise ValueError(f'"{word}" has no letter')
        for pattern in self.patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f'pattern "{pattern}" is no regular expression: {error}') from None
        return self


class ContextRule(_Frozen):
    """Breaks a clause or rule where all `groups` meet and none of `unless` is there.

    `action` overrides the clause's, for a rule that is less certain than its clause is grave.
    """

    breaks: str
    groups: tuple[str, ...] = Field(min_length=1)
    unless: tuple[str, ...] = ()
    action: Verdict | None = None


class Terms(_Frozen):
    """The term groups and the rules over them."""

    ordinary_backwards: tuple[str, ...] = ()
    groups: Mapping[str, Group]
    rules: tuple[ContextRule, ...]

    @model_validator(mode="after")
    def _groups_exist(self) -> Self:
        for rule in self.rules:
            for name in (*rule.groups, *rule.unless):
                if name not in self.groups:
                    raise ValueError(f'a rule that breaks "{rule.breaks}" names the group "{name}", which is not there')
        return self


class _PolicyFile(_Frozen):
    version: str = Field(min_length=1)
    terms: str
    licence: Licence
    classifier: Learned
    strikes: Strikes
    clauses: Mapping[str, Clause]
    rules: Mapping[str, Clause]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        _same("clauses", LABELS, self.clauses)
        _same("rules", SERVER_RULES, self.rules)
        if self.clauses["b"].action is not Verdict.LOCK:
            raise ValueError('clause b (minors) must have the action "lock"')
        return self


class Policy(_Frozen):
    """Everything that a decision rests on. Two policies are the same only where they are one object."""

    version: str
    licence: Licence
    classifier: Learned
    strikes: Strikes
    clauses: Mapping[str, Clause]
    rules: Mapping[str, Clause]
    terms: Terms

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def find(self, label: str) -> Clause:
        """Return the licence clause or server rule of that label. Raises KeyError where there is neither."""
        return self.clauses[label] if label in self.clauses else self.rules[label]

    def licence_text(self, locale: str = FALLBACK) -> str:
        """Return what a person accepts on first use: every clause in words, then the server's rules."""
        clauses = (f"({label}) {clause.text};" for label, clause in self.clauses.items())
        rules = (f"- {rule.text};" for rule in self.rules.values())
        intro = say("moderation.licence_intro", locale=locale, name=self.licence.name, address=self.licence.address)
        return "\n".join((intro, *clauses, "", say("moderation.rules_intro", locale=locale), *rules))


def load_policy(path: Path = DEFAULT) -> Policy:
    """Return the policy in the file and its terms. Raises ConfigError with line and reason where either is wrong."""
    file = _read(path, _PolicyFile)
    terms_path = path.parent / file.terms
    terms = _read(terms_path, Terms)
    known = {*file.clauses, *file.rules}
    for number, rule in enumerate(terms.rules):
        if rule.breaks not in known:
            line = _line(terms_path.read_text(encoding="utf-8"), ("rules", number, "breaks"))
            raise ConfigError(f'{terms_path.name}, line {line}: "{rule.breaks}" is neither a clause nor a rule')
    return Policy(terms=terms, **{name: getattr(file, name) for name in Policy.model_fields if name != "terms"})


@cache
def default_policy() -> Policy:
    """Return the policy that the project ships, read once."""
    return load_policy()


def _same(what: str, expected: tuple[str, ...], given: Mapping[str, Any]) -> None:
    missing, unknown = set(expected) - set(given), set(given) - set(expected)
    if missing or unknown:
        raise ValueError(f"{what}: missing {sorted(missing)}, unknown {sorted(unknown)}")


def _read(path: Path, model: type[_Model]) -> _Model:
    try:
        text = path.read_text(encoding="utf-8")
        return model.model_validate(tomllib.loads(text))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path.name}: {error}") from None
    except ValidationError as error:
        raise ConfigError(
            "\n".join(
                f"{path.name}, line {_line(text, item['loc'])}: {'.'.join(map(str, item['loc']))}: {item['msg']}"
                for item in error.errors()
            )
        ) from None


def _line(text: str, place: tuple[str | int, ...]) -> int:
    """Return the line of the deepest part of the place (keys and list numbers) that the TOML text spells out."""
    header, seen, best = "", 0, (0, 1)
    names = ".".join(part for part in place if isinstance(part, str))
    number = next((part for part in place if isinstance(part, int)), 0)
    for line, content in enumerate(text.splitlines(), start=1):
        if match := re.match(r"\s*(\[{1,2})([\w.]+)\]", content):
            header, key = match[2], match[2]
            if match[1] == "[[" and names.startswith(header):
                seen += 1
        elif match := re.match(r"\s*(\w+)\s*=", content):
            key = f"{header}.{match[1]}".lstrip(".")
        else:
            continue
        if f"{names}.".startswith(f"{key}.") and (seen == 0 or seen == number + 1):
            best = max(best, (len(key), line), key=lambda item: item[0])
    return best[1]
