"""What can be ordered to go wrong: the rules of /local/faults, read and checked."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from local_discord.guild import Json

#: A delay longer than this is a mistake, in seconds.
LONGEST_DELAY = 120.0
#: How each kind of rule is written: its fields with their defaults; Ellipsis where there is none.
KINDS: dict[str, Json] = {
    "gateway_drop": {"code": 1006, "resumable": True, "shard": None},
    "gateway_reconnect": {},
    "invalid_session": {"resumable": False},
    "rest": {"status": ..., "retry_after": 1.0, "method": None, "path": "/api/", "scope": "user"},
    "rest_delay": {"seconds": ..., "method": None, "path": "/api/"},
    "lost_answer": {"method": None, "path": "/api/"},
    "expire_tokens": {},
}


class BadRule(ValueError):
    """A rule that cannot be ordered; the text says what is wrong with it."""


@dataclass
class Rule:
    """One order; ``times`` is how often it still strikes, None until it is cleared."""

    kind: str
    fields: Json
    times: int | None = 1

    @classmethod
    def parse(cls, given: Any) -> "Rule":
        """Read a rule and fill in its defaults; raises BadRule."""
        if not isinstance(given, dict) or given.get("kind") not in list(KINDS):
            raise BadRule(f"A rule is an object whose kind is one of {', '.join(KINDS)}.")
        kind = given["kind"]
        known = KINDS[kind]
        unknown = given.keys() - known.keys() - {"kind", "times"}
        missing = [name for name, default in known.items() if default is ... and name not in given]
        if unknown or missing:
            wrong = [*(f"no field {name}" for name in sorted(unknown)), *(f"{name} needed" for name in missing)]
            raise BadRule(f"{kind}: {'; '.join(wrong)}.")
        fields = {name: given.get(name, default) for name, default in known.items()}
        for name, value in {**fields, "times": given.get("times", 1)}.items():
            if not _VALID[name][0](value):
                raise BadRule(f"{kind}: {name} must be {_VALID[name][1]}.")
        return cls(kind, fields, given.get("times", 1))

    def payload(self) -> Json:
        """The rule as it is read back."""
        return {"kind": self.kind, **self.fields, "times": self.times}

    def meets(self, request: web.Request) -> bool:
        """Whether a REST rule is meant for this request."""
        return self.fields["path"] in request.path and self.fields["method"] in (None, request.method)


def parse_rules(text: str) -> list[Rule]:
    """Read the body of an order; raises BadRule."""
    given: Any = None
    with suppress(ValueError, RecursionError):
        given = json.loads(text)
    if not isinstance(given, list):
        raise BadRule("The body is a JSON list of rules.")
    return [Rule.parse(rule) for rule in given]


def _number(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and _number(value, least, most)


def _close_code(value: Any) -> bool:
    return _whole(value, 1000, 4999) and value not in (1004, 1005, 1015) and not 1016 <= value < 3000


#: For each field a check and, in words, what it asks for.
_VALID: dict[str, tuple[Callable[[Any], bool], str]] = {
    "code": (_close_code, "a websocket close code that may be sent, or 1006"),
    "shard": (lambda value: value is None or _whole(value, 0, 100_000), "a shard's number, or null"),
    "resumable": (lambda value: isinstance(value, bool), "true or false"),
    "status": (lambda value: _whole(value, 200, 599), "an HTTP status from 200 to 599"),
    "retry_after": (lambda value: _number(value, 0, LONGEST_DELAY), f"seconds from 0 to {LONGEST_DELAY:.0f}"),
    "seconds": (lambda value: _number(value, 0, LONGEST_DELAY), f"seconds from 0 to {LONGEST_DELAY:.0f}"),
    "method": (
        lambda value: value is None or (isinstance(value, str) and value.isupper()),
        "a method in capitals, or null",
    ),
    "path": (lambda value: isinstance(value, str) and value.startswith("/"), "part of a path that begins with a slash"),
    "scope": (lambda value: value in ("user", "global", "shared"), "user, global or shared"),
    "times": (lambda value: value is None or _whole(value, 1, 1_000_000), "a positive whole number, or null"),
}
