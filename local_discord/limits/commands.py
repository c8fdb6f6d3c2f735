"""Rules for application commands."""

import re
from collections.abc import Iterator
from typing import Any

from local_discord.errors import Check, Form, Path
from local_discord.limits.shape import (
    anything,
    boolean,
    both,
    by_type,
    each,
    integer,
    maybe,
    number,
    one_of,
    record,
    snowflake,
    table,
    text,
)

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
SUBCOMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER_OPTION, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)
MOST = {CHAT_INPUT: 100, USER: 15, MESSAGE: 15}
MAX_CHARACTERS = 8000
SAFE = 2**53 - 1

_EUROPEAN = ("da", "de", "en-GB", "en-US", "es-ES", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl", "ro", "fi", "sv-SE")
_OTHER = ("id", "es-419", "pt-BR", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko")
LOCALES = frozenset((*_EUROPEAN, *_OTHER))
# Letters, digits, "-", "_", and the marks of Devanagari and Thai; case is looked at apart.
_NAME = re.compile(r"[-_'\w\u0900-\u097F\u0E00-\u0E7F]{1,32}")


def _lower_name(value: Any, path: Path, form: Form) -> None:
    text(1, 32, _NAME)(value, path, form)
    if isinstance(value, str) and value != value.lower():
        message = "Command name is invalid: letters that have a lower case must be in it"
        form.wrong(path, "APPLICATION_COMMAND_INVALID_NAME", message)


def _localized(inner: Check) -> Check:
    return maybe(table(inner, LOCALES))


def _names(name: Check, description: Check) -> tuple[dict[str, Check], dict[str, Check]]:
    needed = {"type": integer(), "name": name, "description": description}
    return needed, {"name_localizations": _localized(name), "description_localizations": _localized(description)}


_NEEDED, _LOCALIZED = _names(_lower_name, text(1, 100))


def _choice(value: Check) -> Check:
    return record({"name": text(1, 100), "value": value}, {"name_localizations": _localized(text(1, 100))})


def _value_option(more: dict[str, Check], rule: Check = anything) -> Check:
    return both(record(_NEEDED, {**_LOCALIZED, "required": maybe(boolean), **more}), rule)


def _typed(value: Check, *bounds: str, bound: Check) -> Check:
    more = {key: maybe(bound) for key in bounds}
    choices = maybe(each(_choice(value), 0, 25))
    return _value_option({**more, "choices": choices, "autocomplete": maybe(boolean)}, _choices_rule)


def _choices_rule(value: Any, path: Path, form: Form) -> None:
    choices = value.get("choices")
    if value.get("autocomplete") and choices:
        message = "Autocomplete options cannot have choices"
        form.wrong((*path, "choices"), "APPLICATION_COMMAND_AUTOCOMPLETE_WITH_CHOICES", message)
    for low, high in (("min_value", "max_value"), ("min_length", "max_length")):
        a, b = value.get(low), value.get(high)
        if a is not None and b is not None and a > b:
            form.wrong((*path, low), "BASE_TYPE_MAX", f"{low} must not be above {high}.")
    names = [choice["name"] for choice in choices or []]
    if len(names) != len(set(names)):
        form.wrong((*path, "choices"), "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_INVALID", "Choice names must differ")


_VALUES: dict[int, Check] = {
    STRING: _typed(text(0, 6000), "min_length", "max_length", bound=integer(0, 6000)),
    INTEGER: _typed(integer(-SAFE, SAFE), "min_value", "max_value", bound=integer(-SAFE, SAFE)),
    NUMBER: _typed(number(-SAFE, SAFE), "min_value", "max_value", bound=number(-SAFE, SAFE)),
    CHANNEL: _value_option({"channel_types": maybe(each(integer(0, 16)))}),
    **dict.fromkeys((BOOLEAN, USER_OPTION, ROLE, MENTIONABLE, ATTACHMENT), _value_option({})),
}


def _options(kinds: dict[int, Check]) -> Check:
    return both(each(by_type(kinds), 0, 25), _options_rule)


def _options_rule(value: Any, path: Path, form: Form) -> None:
    names: set[str] = set()
    optional = False
    for index, option in enumerate(value):
        name = option["name"]
        if name in names:
            message = f'Option name "{name}" is already used'
            form.wrong((*path, index, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", message)
        names.add(name)
        if option.get("required") and optional:
            message = "Required options must be placed before non-required options"
            form.wrong((*path, index), "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
        optional = optional or not option.get("required")
    if len({option["type"] in (SUBCOMMAND, GROUP) for option in value}) > 1:
        form.wrong(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Subcommands and options cannot be mixed")


_SUBCOMMAND = record(_NEEDED, {**_LOCALIZED, "required": maybe(boolean), "options": maybe(_options(_VALUES))})
_GROUP = record(
    _NEEDED, {**_LOCALIZED, "required": maybe(boolean), "options": maybe(_options({SUBCOMMAND: _SUBCOMMAND}))}
)


def _permissions(value: Any, path: Path, form: Form) -> None:
    digits = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    integer(0, 2**54 - 1)(digits, path, form)


_SHARED: dict[str, Check] = {
    "id": maybe(snowflake),
    "type": maybe(one_of(CHAT_INPUT, USER, MESSAGE)),
    "default_member_permissions": maybe(_permissions),
    "dm_permission": maybe(boolean),
    "default_permission": maybe(boolean),
    "contexts": maybe(each(one_of(0, 1, 2), 1)),
    "integration_types": maybe(each(one_of(0, 1), 1)),
    "nsfw": boolean,
}
_SLASH = record(
    {"name": _lower_name, "description": text(1, 100)},
    {**_SHARED, **_LOCALIZED, "options": maybe(_options({**_VALUES, SUBCOMMAND: _SUBCOMMAND, GROUP: _GROUP}))},
)
_MENU = record(
    {"name": text(1, 32)},
    {
        **_SHARED,
        "name_localizations": _localized(text(1, 32)),
        "description": maybe(text(0, 0)),
        "description_localizations": anything,
        "options": maybe(each(anything, 0, 0)),
    },
)


def check_command(value: Any, path: Path, form: Form) -> None:
    """One whole command."""
    menu = isinstance(value, dict) and value.get("type") in (USER, MESSAGE)
    if form.passes(_MENU if menu else _SLASH, value, path) and sum(_characters(value)) > MAX_CHARACTERS:
        message = f"Command exceeds maximum size ({MAX_CHARACTERS})"
        form.wrong(path, "APPLICATION_COMMAND_TOO_LARGE", message)


def _characters(item: dict[str, Any]) -> Iterator[int]:
    for key in ("name", "description", "value"):
        value = item.get(key)
        translated = (item.get(f"{key}_localizations") or {}).values()
        yield max((len(word) for word in (value, *translated) if isinstance(word, str)), default=0)
    for key in ("options", "choices"):
        for inner in item.get(key) or []:
            yield from _characters(inner)


def check_commands(value: Any, form: Form) -> None:
    """The body of a bulk overwrite: every command, their number, and that names differ within a type."""
    if not form.passes(each(check_command), value, ()):
        return
    known = [kind_and_name(item) for item in value]
    for index, key in enumerate(known):
        if key in known[:index]:
            form.wrong((index, "name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must differ")
    for kind, most in MOST.items():
        if sum(found == kind for found, _ in known) > most:
            form.wrong((), "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")


def kind_and_name(command: dict[str, Any]) -> tuple[int, str]:
    """What a command is known by."""
    return command.get("type") or CHAT_INPUT, command["name"]
