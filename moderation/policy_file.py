"""Reads the policy and its terms from TOML files; a mistake is told with file, line and reason."""

import re
import tomllib
from collections.abc import Container, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.settings import ROOT, ConfigError
from moderation.policy import Group, Policy, PolicyFile, Terms

DEFAULT = ROOT / "config" / "policy.toml"

Place = tuple[str | int, ...]
_Model = TypeVar("_Model", bound=BaseModel)
_HEADER = re.compile(r"\s*(\[{1,2})([\w.-]+)\]")
_KEY = re.compile(r"\s*([\w-]+)\s*=")


def load_policy(path: Path = DEFAULT) -> Policy:
    """Return the policy in the file and its terms. Raises ConfigError with line and reason where either is wrong."""
    file = _read(path, PolicyFile)
    terms = _load_terms(path.parent / file.terms, {*file.clauses, *file.rules})
    if file.pictures.young not in terms.groups:
        raise ConfigError(_placed(path, ("pictures", "young"), f'there is no group "{file.pictures.young}"'))
    return Policy(terms=terms, **{name: getattr(file, name) for name in Policy.model_fields if name != "terms"})


@cache
def default_policy() -> Policy:
    """Return the policy that the project ships, read once."""
    return load_policy()


def _load_terms(folder: Path, labels: Container[str]) -> Terms:
    """Return the terms of all files in the folder as one: a group has the words of every language."""
    files = {path: _read(path, Terms) for path in sorted(folder.glob("*.toml"))}
    if not files:
        raise ConfigError(f"{folder} holds no terms")
    groups: dict[str, Group] = {}
    for path, terms in files.items():
        for name, group in terms.groups.items():
            if groups.get(name, group).field != group.field:
                raise ConfigError(_placed(path, ("groups", name, "field"), f'"{name}" has another field elsewhere'))
            groups[name] = groups[name].joined(group) if name in groups else group
    rules = tuple(rule for terms in files.values() for rule in terms.rules)
    used = {name for rule in rules for name in (*rule.groups, *rule.unless)}
    mistakes = [told for path, terms in files.items() for told in _mistakes(path, terms, groups, used, labels)]
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    backwards = tuple(word for terms in files.values() for word in terms.ordinary_backwards)
    return Terms(ordinary_backwards=backwards, groups=groups, rules=rules)


def _mistakes(
    path: Path, terms: Terms, groups: Container[str], used: Container[str], labels: Container[str]
) -> Iterator[str]:
    """Yield where a rule names what is not there, and where a group is named by no rule."""
    for number, rule in enumerate(terms.rules):
        if rule.breaks not in labels:
            yield _placed(path, ("rules", number, "breaks"), f'"{rule.breaks}" is neither a clause nor a rule')
        for key, names in (("groups", rule.groups), ("unless", rule.unless)):
            for name in names:
                if name not in groups:
                    yield _placed(path, ("rules", number, key), f'there is no group "{name}"')
    for name in terms.groups:
        if name not in used:
            yield _placed(path, ("groups", name), f'no rule names the group "{name}"')


def _read(path: Path, model: type[_Model]) -> _Model:
    try:
        text = path.read_text(encoding="utf-8")
        return model.model_validate(_parse(text))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path.name}: {error}") from None
    except ValidationError as error:
        raise ConfigError("\n".join(_told(path, text, item) for item in error.errors())) from None


@lru_cache(maxsize=32)
def _parse(text: str) -> dict[str, Any]:
    """Return the tables of a TOML text: at start-up several people ask for the same ones, each file takes a while."""
    return tomllib.loads(text)


def _told(path: Path, text: str, item: ErrorDetails) -> str:
    cause = item.get("ctx", {}).get("error")
    place = (*item["loc"], *getattr(cause, "place", ()))
    return f"{path.name}, line {_line(text, place)}: {'.'.join(map(str, place))}: {item['msg']}"


def _placed(path: Path, place: Place, reason: str) -> str:
    return f"{path.name}, line {_line(path.read_text(encoding='utf-8'), place)}: {reason}"


def _line(text: str, place: Place) -> int:
    """Return the line of the deepest part of the place (keys and list numbers) that the TOML text spells out."""
    header, seen, best = "", 0, (0, 1)
    names = ".".join(part for part in place if isinstance(part, str))
    number = next((part for part in place if isinstance(part, int)), 0)
    for line, content in enumerate(text.splitlines(), start=1):
        if match := _HEADER.match(content):
            header, key = match[2], match[2]
            if match[1] == "[[" and names.startswith(header):
                seen += 1
        elif match := _KEY.match(content):
            key = f"{header}.{match[1]}".lstrip(".")
        else:
            continue
        # A table may be opened by what lies inside of it: [guilds.1.rules.gore] is the place of guilds.1.rules too.
        depth = len(names) if key.startswith(f"{names}.") else len(key)
        if f"{names}.".startswith(f"{key[:depth]}.") and (seen == 0 or seen == number + 1):
            best = max(best, (depth, line), key=lambda item: item[0])
    return best[1]
