"""Rules for components in messages: the old rows, and version 2 behind its flag."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from local_discord.errors import Check, Form, Path
from local_discord.limits import kinds
from local_discord.limits.shape import (
    boolean,
    both,
    by_type,
    each,
    integer,
    maybe,
    one_of,
    record,
    snowflake,
    text,
    url,
)

MAX_ROWS = 5
MAX_COMPONENTS = 40
MAX_TEXT = 4000

CUSTOM_ID = text(1, 100)
_KIND = integer()
ANY = {"id": maybe(integer(0, 2**31 - 1))}
EMOJI = record({"name": maybe(text(0, 32))}, {"id": maybe(snowflake), "animated": maybe(boolean)})


def component(required: dict[str, Check], optional: dict[str, Check]) -> Check:
    """A component's own keys with those that every component has."""
    return record({"type": _KIND, **required}, {**ANY, **optional})


def _button_needs(value: Any, path: Path, form: Form) -> None:
    needed = {kinds.LINK_STYLE: "url", kinds.PREMIUM_STYLE: "sku_id"}.get(value.get("style", 0), "custom_id")
    for key in ("custom_id", "url", "sku_id"):
        if key == needed and not value.get(key):
            form.wrong((*path, key), "BUTTON_COMPONENT_" + key.upper() + "_REQUIRED", f"A {key} is required")
        if key != needed and value.get(key):
            form.wrong((*path, key), "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", f"Not with {needed}")
    if needed != "sku_id" and not value.get("label") and not value.get("emoji"):
        form.wrong(path, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A label or an emoji is required")


BUTTON = both(
    component(
        {"style": integer(1, 6)},
        {
            "custom_id": maybe(CUSTOM_ID),
            "label": maybe(text(0, 80)),
            "disabled": maybe(boolean),
            "url": maybe(url("http", "https", "discord", high=512)),
            "sku_id": maybe(snowflake),
            "emoji": maybe(EMOJI),
        },
    ),
    _button_needs,
)

SELECT_OPTION = record(
    {"label": text(1, 100), "value": text(1, 100)},
    {"description": maybe(text(0, 100)), "emoji": maybe(EMOJI), "default": maybe(boolean)},
)


def _select_counts(value: Any, path: Path, form: Form) -> None:
    low, high = value.get("min_values"), value.get("max_values")
    if low is not None and low > (1 if high is None else high):
        form.wrong((*path, "min_values"), "BASE_TYPE_MAX", "min_values must not be above max_values.")
    options = value.get("options")
    if options is None:
        return
    if high is not None and high > len(options):
        form.wrong((*path, "max_values"), "BASE_TYPE_MAX", "max_values must not be above the number of options.")
    distinct(options, "value", (*path, "options"), form)


def distinct(items: list[Any], key: str, path: Path, form: Form) -> None:
    """Note every item whose key repeats an earlier one."""
    seen: set[Any] = set()
    for index, item in enumerate(items):
        if item[key] in seen:
            message = f'"{item[key]}" is already used'
            form.wrong((*path, index, key), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message)
        seen.add(item[key])


_SELECT: dict[str, Check] = {
    "placeholder": maybe(text(0, 150)),
    "min_values": maybe(integer(0, 25)),
    "max_values": maybe(integer(1, 25)),
    "disabled": maybe(boolean),
    "required": maybe(boolean),
}


def _picker(*default_types: str, **more: Check) -> Check:
    default = record({"id": snowflake, "type": one_of(*default_types)}, {})
    optional = {**_SELECT, "default_values": maybe(each(default, 0, 25)), **more}
    return both(component({"custom_id": CUSTOM_ID}, optional), _select_counts)


SELECTS: dict[int, Check] = {
    kinds.STRING_SELECT: both(
        component({"custom_id": CUSTOM_ID, "options": each(SELECT_OPTION, 1, 25)}, _SELECT), _select_counts
    ),
    kinds.USER_SELECT: _picker("user"),
    kinds.ROLE_SELECT: _picker("role"),
    kinds.MENTIONABLE_SELECT: _picker("user", "role"),
    kinds.CHANNEL_SELECT: _picker("channel", channel_types=maybe(each(integer(0, 16)))),
}


def _row_width(value: Any, path: Path, form: Form) -> None:
    inner = value["components"]
    if len(inner) > 1 and any(item["type"] in kinds.SELECTS for item in inner):
        form.wrong((*path, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "A select takes the whole row")


ROW = both(component({"components": each(by_type({kinds.BUTTON: BUTTON, **SELECTS}), 1, 5)}, {}), _row_width)
MEDIA = record({"url": url("http", "https", "attachment")}, {})
FILE_MEDIA = record({"url": url("attachment")}, {})
TEXT_DISPLAY = component({"content": text(1, MAX_TEXT)}, {})
_ALT = {"description": maybe(text(1, 1024)), "spoiler": maybe(boolean)}
THUMBNAIL = component({"media": MEDIA}, _ALT)
SECTION = component(
    {
        "components": each(by_type({kinds.TEXT_DISPLAY: TEXT_DISPLAY}), 1, 3),
        "accessory": by_type({kinds.BUTTON: BUTTON, kinds.THUMBNAIL: THUMBNAIL}),
    },
    {},
)
_CONTAINED: dict[int, Check] = {
    kinds.ROW: ROW,
    kinds.SECTION: SECTION,
    kinds.TEXT_DISPLAY: TEXT_DISPLAY,
    kinds.MEDIA_GALLERY: component({"items": each(record({"media": MEDIA}, _ALT), 1, 10)}, {}),
    kinds.FILE: component({"file": FILE_MEDIA}, {"spoiler": maybe(boolean)}),
    kinds.SEPARATOR: component({}, {"spacing": maybe(one_of(1, 2)), "divider": maybe(boolean)}),
}
CONTAINER = component(
    {"components": each(by_type(_CONTAINED), 1, MAX_COMPONENTS)},
    {"accent_color": maybe(integer(0, 0xFFFFFF)), "spoiler": maybe(boolean)},
)

_OLD = each(by_type({kinds.ROW: ROW}), 0, MAX_ROWS)
_VERSION_2 = each(by_type({**_CONTAINED, kinds.CONTAINER: CONTAINER}), 0, MAX_COMPONENTS)


def message_components(value: Any, path: Path, form: Form, *, version_2: bool) -> None:
    """All the rules for a message's components, the ones across components included."""
    if not form.passes(_VERSION_2 if version_2 else _OLD, value, path):
        return
    everything = list(walk(value))
    unique(everything, path, form)
    if version_2 and len(everything) > MAX_COMPONENTS:
        message = f"Must be {MAX_COMPONENTS} or fewer components in all."
        form.wrong(path, "COMPONENT_LAYOUT_TOTAL_COMPONENTS_MAX", message)
    words = sum(len(item.get("content", "")) for item in everything)
    if words > MAX_TEXT:
        form.wrong(path, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", f"Text exceeds {MAX_TEXT} characters in all.")


def unique(everything: list[dict[str, Any]], path: Path, form: Form) -> None:
    """Neither custom_id nor id may occur twice."""
    for key, code in (("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED"), ("id", "COMPONENT_ID_DUPLICATED")):
        used = Counter(item[key] for item in everything if item.get(key))
        for value, count in used.items():
            if count > 1:
                form.wrong(path, code, f"Component {key} cannot be duplicated: {value}")


def walk(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every component, the nested ones after the one that holds them."""
    for item in components:
        yield item
        yield from walk(item.get("components", []))
        yield from walk([item[key] for key in ("accessory", "component") if key in item])
