"""Rules for modals."""

from typing import Any

from local_discord.errors import Check, Form, Path
from local_discord.limits import kinds
from local_discord.limits.components import (
    CUSTOM_ID,
    SELECTS,
    TEXT_DISPLAY,
    component,
    distinct,
    unique,
    walk,
)
from local_discord.limits.shape import boolean, both, by_type, each, integer, maybe, one_of, record, text

_INPUT: dict[str, Check] = {
    "value": maybe(text(0, 4000)),
    "placeholder": maybe(text(0, 100)),
    "required": maybe(boolean),
    "min_length": maybe(integer(0, 4000)),
    "max_length": maybe(integer(1, 4000)),
}


def _lengths(value: Any, path: Path, form: Form) -> None:
    low, high, filled = value.get("min_length"), value.get("max_length"), value.get("value")
    if None not in (low, high) and low > high:
        form.wrong((*path, "min_length"), "BASE_TYPE_MAX", "min_length must not be above max_length.")
    if None not in (high, filled) and len(filled) > high:
        form.wrong((*path, "value"), "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")


def _text_input(label: dict[str, Check], optional: dict[str, Check]) -> Check:
    needed = {"custom_id": CUSTOM_ID, "style": one_of(1, 2), **label}
    return both(component(needed, {**_INPUT, **optional}), _lengths)


def _distinct_options(value: Any, path: Path, form: Form) -> None:
    distinct(value["options"], "value", (*path, "options"), form)


_OPTION = record(
    {"label": text(1, 100), "value": text(1, 100)}, {"description": maybe(text(0, 100)), "default": maybe(boolean)}
)
_COUNTS: dict[str, Check] = {
    "min_values": maybe(integer(0, 10)),
    "max_values": maybe(integer(1, 10)),
    "required": maybe(boolean),
}
_LABELLED: dict[int, Check] = {
    **SELECTS,
    kinds.TEXT_INPUT: _text_input({}, {"label": maybe(text(1, 45))}),
    kinds.FILE_UPLOAD: component({"custom_id": CUSTOM_ID}, _COUNTS),
    kinds.RADIO_GROUP: both(
        component({"custom_id": CUSTOM_ID, "options": each(_OPTION, 2, 10)}, {"required": maybe(boolean)}),
        _distinct_options,
    ),
    kinds.CHECKBOX_GROUP: both(
        component({"custom_id": CUSTOM_ID, "options": each(_OPTION, 1, 10)}, _COUNTS), _distinct_options
    ),
    kinds.CHECKBOX: component({"custom_id": CUSTOM_ID}, {"default": maybe(boolean)}),
}
_TOP: dict[int, Check] = {
    kinds.ROW: component(
        {"components": each(by_type({kinds.TEXT_INPUT: _text_input({"label": text(1, 45)}, {})}), 1, 1)}, {}
    ),
    kinds.LABEL: component(
        {"label": text(1, 45), "component": by_type(_LABELLED)}, {"description": maybe(text(0, 100))}
    ),
    kinds.TEXT_DISPLAY: TEXT_DISPLAY,
}


def _unique(value: Any, path: Path, form: Form) -> None:
    unique(list(walk(value)), path, form)


MODAL = record(
    {"custom_id": CUSTOM_ID, "title": text(1, 45), "components": both(each(by_type(_TOP), 1, 5), _unique)}, {}
)
