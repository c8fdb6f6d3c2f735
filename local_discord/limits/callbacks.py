"""Rules for the answers to an interaction."""

from typing import Any

from local_discord.errors import Form, Path
from local_discord.limits import kinds
from local_discord.limits.commands import LOCALES, SAFE
from local_discord.limits.messages import MENTIONS, Door, check_message
from local_discord.limits.modals import MODAL
from local_discord.limits.shape import anything, each, integer, maybe, number, one_of, record, table, text

PONG = 1
MESSAGE = 4
DEFERRED_MESSAGE = 5
DEFERRED_UPDATE = 6
UPDATE = 7
CHOICES = 8
MODAL_ANSWER = 9
PREMIUM = 10
ACTIVITY = 12

COMMAND_ASKED, COMPONENT_ASKED, AUTOCOMPLETE_ASKED, MODAL_ASKED = 2, 3, 4, 5
#: Which answers fit which interaction; updates moreover need a message that a component sits on.
FITTING = {
    COMMAND_ASKED: frozenset({MESSAGE, DEFERRED_MESSAGE, MODAL_ANSWER}),
    COMPONENT_ASKED: frozenset({MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, MODAL_ANSWER}),
    AUTOCOMPLETE_ASKED: frozenset({CHOICES}),
    MODAL_ASKED: frozenset({MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE}),
}

_ENVELOPE = record({"type": one_of(1, 4, 5, 6, 7, 8, 9, 10, 12)}, {"data": anything})
# hikari says whom nothing may mention even where there is nothing to say.
_SILENCE = {"allowed_mentions": maybe(MENTIONS)}
_DEFERRAL = record({}, {**_SILENCE, "flags": maybe(one_of(0, kinds.EPHEMERAL))})
_NOTHING = record({}, _SILENCE)


def _choice_value(value: Any, path: Path, form: Form) -> None:
    if isinstance(value, str):
        text(0, 6000)(value, path, form)
    elif isinstance(value, float):
        number(-SAFE, SAFE)(value, path, form)
    else:
        integer(-SAFE, SAFE)(value, path, form)


_CHOICE = record(
    {"name": text(1, 100), "value": _choice_value}, {"name_localizations": maybe(table(text(1, 100), LOCALES))}
)
_CHOICES = record({}, {"choices": maybe(each(_CHOICE, 0, 25))})
_DATA = {
    DEFERRED_MESSAGE: maybe(_DEFERRAL),
    DEFERRED_UPDATE: maybe(_NOTHING),
    CHOICES: _CHOICES,
    MODAL_ANSWER: MODAL,
}


def check_callback(body: Any, form: Form, *, version_2: bool = False) -> None:
    """The whole callback; `version_2` says that the message which an update changes has version 2 components."""
    _ENVELOPE(body, (), form)
    if not isinstance(body, dict):
        return
    kind, data = body.get("type"), body.get("data")
    if kind == MESSAGE:
        check_message({} if data is None else data, ("data",), form, Door.ANSWER)
    elif kind == UPDATE:
        check_message({} if data is None else data, ("data",), form, Door.EDIT, version_2=version_2)
    elif isinstance(kind, int) and kind in _DATA:
        _DATA[kind](data, ("data",), form)
