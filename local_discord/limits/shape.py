"""Small checks that combine: each looks at one value and notes on the form what is wrong with it.

A body is described by the checks of its keys; a key that no description names is refused. Codes and wording follow
Discord's nested form errors.
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from local_discord.errors import Check, Form, Path
from local_discord.snowflake import parse


def text(low: int = 0, high: int | None = None, pattern: re.Pattern[str] | None = None) -> Check:
    """A string of so many characters, wholly matching the pattern."""

    def check(value: Any, path: Path, form: Form) -> None:
        if not isinstance(value, str):
            form.wrong(path, "BASE_TYPE_BAD_TYPE", "Could not convert to string.")
        elif len(value) < low:
            _too_short(value, low, path, form)
        elif high is not None and len(value) > high:
            form.wrong(path, "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")
        elif pattern is not None and not pattern.fullmatch(value):
            form.wrong(path, "STRING_TYPE_REGEX", "String value did not match validation regex.")

    return check


def _too_short(value: str, low: int, path: Path, form: Form) -> None:
    if not value:
        form.wrong(path, "BASE_TYPE_REQUIRED", "This field is required")
    else:
        form.wrong(path, "BASE_TYPE_MIN_LENGTH", f"Must be {low} or more in length.")


def integer(low: float | None = None, high: float | None = None) -> Check:
    """A whole number within bounds, both included; true is no number."""
    return _number((int,), "NUMBER_TYPE_COERCE", low, high)


def number(low: float | None = None, high: float | None = None) -> Check:
    """Any number within bounds, both included."""
    return _number((int, float), "FLOAT_TYPE_COERCE", low, high)


def _number(types: tuple[type[int] | type[float], ...], code: str, low: float | None, high: float | None) -> Check:
    def check(value: Any, path: Path, form: Form) -> None:
        if isinstance(value, bool) or not isinstance(value, types):
            form.wrong(path, code, f'Value "{value}" is not {"int" if types == (int,) else "float"}.')
        elif low is not None and value < low:
            form.wrong(path, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {low}.")
        elif high is not None and value > high:
            form.wrong(path, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {high}.")

    return check


def boolean(value: Any, path: Path, form: Form) -> None:
    """True or false."""
    if not isinstance(value, bool):
        form.wrong(path, "BOOLEAN_TYPE_CONVERT", 'Must be either "true" or "false".')


def snowflake(value: Any, path: Path, form: Form) -> None:
    """An id, as a string or a number."""
    if parse(value) is None:
        form.wrong(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')


def anything(value: Any, path: Path, form: Form) -> None:
    """A value that nobody looks at."""


def moment(value: Any, path: Path, form: Form) -> None:
    """A time in ISO 8601."""
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        form.wrong(path, "DATE_TIME_TYPE_PARSE", f"Could not parse {value}. Should be ISO8601.")


def one_of(*choices: Any) -> Check:
    """One of these values; true is not 1."""

    def check(value: Any, path: Path, form: Form) -> None:
        if isinstance(value, bool) or value not in choices:
            form.wrong(path, "BASE_TYPE_CHOICES", f"Value must be one of {choices}.")

    return check


def url(*schemes: str, high: int = 2048) -> Check:
    """An address with one of these schemes."""

    def check(value: Any, path: Path, form: Form) -> None:
        if not isinstance(value, str) or len(value) > high:
            form.wrong(path, "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")
        elif not re.match(rf"({'|'.join(schemes)})://\S+\Z", value):
            form.wrong(path, "URL_TYPE_INVALID_SCHEME", f"Scheme must be one of {schemes}.")

    return check


def maybe(inner: Check) -> Check:
    """The inner check, or null."""

    def check(value: Any, path: Path, form: Form) -> None:
        if value is not None:
            inner(value, path, form)

    return check


def each(inner: Check, low: int = 0, high: int | None = None) -> Check:
    """A list of so many values, each of which passes the inner check."""

    def check(value: Any, path: Path, form: Form) -> None:
        if not isinstance(value, list):
            form.wrong(path, "BASE_TYPE_BAD_TYPE", "Only iterables may be used in a ListType")
            return
        if len(value) < low or (high is not None and len(value) > high):
            bounds = f"Must be between {low} and {high} in length."
            form.wrong(path, "BASE_TYPE_BAD_LENGTH", bounds)
        for index, item in enumerate(value[: high or None]):
            inner(item, (*path, index), form)

    return check


def table(inner: Check, keys: Collection[str]) -> Check:
    """An object whose keys are among the given ones and whose values pass the inner check."""

    def check(value: Any, path: Path, form: Form) -> None:
        if not isinstance(value, dict):
            form.wrong(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
            return
        for key, item in value.items():
            if key not in keys:
                form.wrong((*path, key), "BASE_TYPE_CHOICES", f'"{key}" is not allowed here.')
            inner(item, (*path, key), form)

    return check


def record(required: Mapping[str, Check], optional: Mapping[str, Check]) -> Check:
    """An object with these keys and no others."""
    known = {**optional, **required}

    def check(value: Any, path: Path, form: Form) -> None:
        if not isinstance(value, dict):
            form.wrong(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
            return
        for key in required.keys() - value.keys():
            form.wrong((*path, key), "BASE_TYPE_REQUIRED", "This field is required")
        for key, item in value.items():
            if key in known:
                known[key](item, (*path, key), form)
            else:
                form.wrong((*path, key), "UNKNOWN_KEY", f'"{key}" is not a field of this object.')

    return check


def by_type(kinds: Mapping[int, Check]) -> Check:
    """An object checked according to its `type`."""
    choices = tuple(sorted(kinds))

    def check(value: Any, path: Path, form: Form) -> None:
        if not isinstance(value, dict):
            form.wrong(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
            return
        kind = value.get("type")
        if isinstance(kind, bool) or not isinstance(kind, int) or kind not in kinds:
            form.wrong((*path, "type"), "UNION_TYPE_CHOICES", f'Value of field "type" must be one of {choices}.')
        else:
            kinds[kind](value, path, form)

    return check


def both(shape: Check, rule: Check) -> Check:
    """The shape, and if the value has it, the rule across its parts."""

    def check(value: Any, path: Path, form: Form) -> None:
        if form.passes(shape, value, path):
            rule(value, path, form)

    return check
