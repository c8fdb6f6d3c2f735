"""Every limit of Discord's, one bad body each; the good bodies beside them show that the rule is the reason."""

import copy
from typing import Any

import pytest
from local_discord_openapi import needs_spec, request_problems, response_problems

from local_discord.errors import ApiError, Form
from local_discord.limits.callbacks import check_callback
from local_discord.limits.commands import check_command, check_commands
from local_discord.limits.messages import Door, check_message

V2 = 1 << 15
BUTTON = {"type": 2, "style": 1, "label": "go", "custom_id": "go"}
LINK = {"type": 2, "style": 5, "label": "go", "url": "https://example.org"}
OPTION = {"label": "a", "value": "a"}
SELECT = {"type": 3, "custom_id": "s", "options": [OPTION]}
WORDS = {"type": 10, "content": "words"}
MEDIA = {"media": {"url": "https://example.org/a.png"}}
TEXT_INPUT = {"type": 4, "custom_id": "t", "style": 1, "label": "Text"}
FIELD = {"type": 4, "custom_id": "f", "style": 2}
CHOICE = {"name": "a", "value": "a"}


def problems(check: Any, *args: Any, **more: Any) -> str:
    """The form error as text; empty when there is none."""
    form = Form()
    check(*args, form, **more)
    return _text(form)


def message(**body: Any) -> str:
    form = Form()
    check_message(body, (), form, Door.ANSWER)
    return _text(form)


def command(**changes: Any) -> str:
    form = Form()
    check_command({"name": "imagine", "description": "draw", **changes}, (), form)
    return _text(form)


def option(**changes: Any) -> str:
    return command(options=[{"type": 3, "name": "prompt", "description": "what", **changes}])


def modal(**changes: Any) -> str:
    form = Form()
    row = {"type": 1, "components": [TEXT_INPUT]}
    check_callback({"type": 9, "data": {"custom_id": "m", "title": "M", "components": [row], **changes}}, form)
    return _text(form)


def label(component: dict[str, Any], **changes: Any) -> str:
    return modal(components=[{"type": 18, "label": "L", "component": component, **changes}])


def _text(form: Form) -> str:
    try:
        form.finish()
    except ApiError as error:
        return str(error.body()["errors"])
    return ""


def row(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


def button(number: object, **changes: Any) -> dict[str, Any]:
    return {**BUTTON, "custom_id": f"b{number}", **changes}


def v2(*components: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"flags": V2, "components": list(components), **more}


GOOD_MESSAGES = [
    {"content": "x" * 2000},
    {"content": None, "embeds": [{"title": "t" * 256, "description": "d" * 4096}]},
    {"embeds": [{"title": "t"}] * 10},
    {"components": [row(*(button(f"{r}{b}") for b in range(5))) for r in range(5)]},
    {"components": [row({**SELECT, "options": [{"label": f"{n}", "value": f"{n}"} for n in range(25)]})]},
    {"components": [row(LINK, LINK)]},
    {"attachments": [{"id": 0, "description": "a" * 1024}]},
    v2({"type": 12, "items": [MEDIA] * 10}),
    v2({"type": 17, "accent_color": 0xFFFFFF, "components": [WORDS, row(BUTTON)]}),
    v2({"type": 9, "components": [WORDS], "accessory": {"type": 11, **MEDIA}}),
    v2({"type": 14, "spacing": 2}, {"type": 13, "file": {"url": "attachment://a"}}),
    v2(*[WORDS] * 40),
    v2({"type": 10, "content": "x" * 4000}),
    {"content": "x", "allowed_mentions": {"parse": ["users"], "roles": ["1"]}},
    {"content": "x", "flags": 64},
]
BAD_MESSAGES = {
    "content of 2001": {"content": "x" * 2001},
    "content no string": {"content": 5},
    "unknown key": {"contents": "x"},
    "11 embeds": {"embeds": [{"title": "t"}] * 11},
    "embed title 257": {"embeds": [{"title": "t" * 257}]},
    "embed description 4097": {"embeds": [{"description": "t" * 4097}]},
    "embed field value 1025": {"embeds": [{"fields": [{"name": "n", "value": "v" * 1025}]}]},
    "26 embed fields": {"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]},
    "embeds over 6000": {"embeds": [{"description": "d" * 3001}] * 2},
    "empty embed": {"embeds": [{}]},
    "embed colour": {"embeds": [{"title": "t", "color": 1 << 24}]},
    "embed url scheme": {"embeds": [{"title": "t", "url": "ftp://example.org"}]},
    "embed misspelled key": {"embeds": [{"titel": "t"}]},
    "11 attachments": {"attachments": [{"id": n} for n in range(11)]},
    "alt text 1025": {"attachments": [{"id": 0, "description": "a" * 1025}]},
    "attachment without id": {"attachments": [{"description": "a"}]},
    "6 rows": {"components": [row(button(n)) for n in range(6)]},
    "6 buttons": {"components": [row(*(button(n) for n in range(6)))]},
    "select beside button": {"components": [row(BUTTON, SELECT)]},
    "empty row": {"components": [row()]},
    "button outside row": {"components": [BUTTON]},
    "label 81": {"components": [row({**BUTTON, "label": "l" * 81})]},
    "button without custom_id": {"components": [row({"type": 2, "style": 1, "label": "x"})]},
    "button without words": {"components": [row({"type": 2, "style": 1, "custom_id": "x"})]},
    "link with custom_id": {"components": [row({**LINK, "custom_id": "x"})]},
    "link without url": {"components": [row({"type": 2, "style": 5, "label": "x"})]},
    "button style 7": {"components": [row({**BUTTON, "style": 7})]},
    "custom_id 101": {"components": [row({**BUTTON, "custom_id": "c" * 101})]},
    "custom_id twice": {"components": [row(BUTTON), row(BUTTON)]},
    "26 options": {"components": [row({**SELECT, "options": [OPTION] * 26})]},
    "option values twice": {"components": [row({**SELECT, "options": [OPTION, OPTION]})]},
    "min above max": {"components": [row({**SELECT, "min_values": 2})]},
    "placeholder 151": {"components": [row({**SELECT, "placeholder": "p" * 151})]},
    "text input in message": {"components": [row(TEXT_INPUT)]},
    "version 2 without its flag": {"components": [WORDS]},
    "version 2 with content": v2(WORDS, content="x"),
    "version 2 with embeds": v2(WORDS, embeds=[{"title": "t"}]),
    "41 components": v2(*[WORDS] * 41),
    "41 nested": v2(*[{"type": 17, "components": [WORDS] * 20}] * 2),
    "4001 characters in all": v2({"type": 10, "content": "x" * 2000}, {"type": 10, "content": "x" * 2001}),
    "11 gallery items": v2({"type": 12, "items": [MEDIA] * 11}),
    "gallery alt 1025": v2({"type": 12, "items": [{**MEDIA, "description": "d" * 1025}]}),
    "4 texts in a section": v2({"type": 9, "components": [WORDS] * 4, "accessory": BUTTON}),
    "section without accessory": v2({"type": 9, "components": [WORDS]}),
    "container in container": v2({"type": 17, "components": [{"type": 17, "components": [WORDS]}]}),
    "file by http": v2({"type": 13, "file": {"url": "https://example.org/a"}}),
    "component id twice": v2({**WORDS, "id": 3}, {**WORDS, "id": 3}),
    "component misspelled key": v2({**WORDS, "contend": "x"}),
    "loading flag": {"content": "x", "flags": 128},
    "mentions clash": {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
    "mentions of nothing": {"content": "x", "allowed_mentions": {"parse": ["all"]}},
}


@pytest.mark.parametrize("body", GOOD_MESSAGES, ids=lambda body: str(body)[:40])
def test_message_within_limits(body: dict[str, Any]) -> None:
    assert message(**body) == ""


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_message_beyond_a_limit(name: str) -> None:
    assert "_errors" in message(**BAD_MESSAGES[name])


def test_good_command() -> None:
    assert option(required=True, max_length=6000) == ""
    assert option(type=4, min_value=0, max_value=2**53 - 1, choices=[{"name": "a", "value": 1}]) == ""
    assert option(autocomplete=True, name_localizations={"de": "wort"}) == ""
    assert command(name="bild-größe", nsfw=True, contexts=[0, 1], default_member_permissions="8") == ""
    assert command(type=3, name="Use as Start", description="") == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Imagine"},
        {"name": "ima gine"},
        {"name": "x" * 33},
        {"name": ""},
        {"description": ""},
        {"description": "d" * 101},
        {"descriptoin": "d"},
        {"nsfw": "yes"},
        {"type": 4},
        {"contexts": [3]},
        {"default_member_permissions": "all"},
        {"name_localizations": {"xx": "a"}},
        {"options": [{"type": 3, "name": f"o{n}", "description": "d"} for n in range(26)]},
        {"options": [{"type": 3, "name": "o", "description": "d"}] * 2},
        {
            "options": [
                {"type": 3, "name": "a", "description": "d"},
                {"type": 3, "name": "b", "description": "d", "required": True},
            ]
        },
        {
            "options": [
                {"type": 1, "name": "a", "description": "d"},
                {"type": 3, "name": "b", "description": "d"},
            ]
        },
        {"type": 3, "name": "Menu", "description": "a menu has none"},
        {
            "options": [
                {"type": 3, "name": f"o{n}", "description": "d" * 100, "choices": [{"name": "n", "value": "v" * 400}]}
                for n in range(20)
            ]
        },
    ],
    ids=lambda changes: str(changes)[:50],
)
def test_command_beyond_a_limit(changes: dict[str, Any]) -> None:
    assert "_errors" in command(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Prompt"},
        {"description": None},
        {"type": 12},
        {"requierd": True},
        {"choices": [CHOICE] * 26},
        {"choices": [{"name": "n" * 101, "value": "a"}]},
        {"choices": [CHOICE, CHOICE]},
        {"choices": [CHOICE], "autocomplete": True},
        {"choices": [{"name": "a", "value": 5}]},
        {"max_length": 6001},
        {"min_length": 5, "max_length": 4},
        {"min_value": 1},
        {"type": 5, "choices": [CHOICE]},
        {"type": 4, "max_value": 2**53},
        {"type": 4, "min_value": 1.5},
        {"type": 1, "options": [{"type": 1, "name": "x", "description": "d"}]},
    ],
    ids=str,
)
def test_option_beyond_a_limit(changes: dict[str, Any]) -> None:
    assert "_errors" in option(**changes)


def _many(kind: int, count: int) -> list[dict[str, Any]]:
    return [{"type": kind, "name": f"c{n}", **({"description": "d"} if kind == 1 else {})} for n in range(count)]


@pytest.mark.parametrize(("kind", "most"), [(1, 100), (2, 15), (3, 15)])
def test_number_of_commands(kind: int, most: int) -> None:
    assert problems(check_commands, _many(kind, most)) == ""
    assert "_errors" in problems(check_commands, _many(kind, most + 1))


def test_command_names_differ_within_a_type() -> None:
    assert "DUPLICATE" in problems(check_commands, _many(1, 1) * 2)
    assert problems(check_commands, [*_many(1, 1), *_many(2, 1)]) == ""


def test_good_modal() -> None:
    assert modal() == ""
    assert label({**FIELD, "max_length": 4000, "value": "v"}) == ""
    assert label({"type": 19, "custom_id": "u", "max_values": 10}) == ""
    assert label({"type": 21, "custom_id": "r", "options": [OPTION, {"label": "b", "value": "b"}]}) == ""
    assert label({"type": 22, "custom_id": "c", "options": [OPTION]}) == ""
    assert label({"type": 23, "custom_id": "c", "default": True}) == ""
    assert label(SELECT) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "t" * 46},
        {"title": ""},
        {"custom_id": "c" * 101},
        {"components": []},
        {"components": [row({**TEXT_INPUT, "custom_id": f"t{n}"}) for n in range(6)]},
        {"components": [row(TEXT_INPUT), row(TEXT_INPUT)]},
        {"components": [row(BUTTON)]},
        {"components": [row({**TEXT_INPUT, "label": "l" * 46})]},
        {"components": [row({**TEXT_INPUT, "max_length": 4001})]},
        {"components": [row({**TEXT_INPUT, "min_length": 3, "max_length": 2})]},
        {"components": [row({**TEXT_INPUT, "value": "abc", "max_length": 2})]},
        {"components": [row({**TEXT_INPUT, "place_holder": "p"})]},
        {"components": [row(FIELD)]},
        {"tittle": "t"},
    ],
    ids=lambda changes: str(changes)[:60],
)
def test_modal_beyond_a_limit(changes: dict[str, Any]) -> None:
    assert "_errors" in modal(**changes)


@pytest.mark.parametrize(
    "component",
    [
        BUTTON,
        {"type": 19, "custom_id": "u", "max_values": 11},
        {"type": 21, "custom_id": "r", "options": [OPTION]},
        {"type": 22, "custom_id": "c", "options": [OPTION] * 2},
        {"type": 23},
    ],
    ids=str,
)
def test_labelled_component_beyond_a_limit(component: dict[str, Any]) -> None:
    assert "_errors" in label(component)


@pytest.mark.parametrize(
    "choices",
    [[CHOICE] * 26, [{"name": "n" * 101, "value": "a"}], [{"name": "a"}], [{"name": "a", "value": True}]],
    ids=lambda choices: str(choices)[:40],
)
def test_autocomplete_choices_beyond_a_limit(choices: list[Any]) -> None:
    assert problems(check_callback, {"type": 8, "data": {"choices": [CHOICE]}}) == ""
    assert "_errors" in problems(check_callback, {"type": 8, "data": {"choices": choices}})


@needs_spec
@pytest.mark.parametrize(
    "name", ["content of 2001", "6 buttons", "11 embeds", "label 81", "alt text 1025", "11 gallery items"]
)
def test_discords_description_bites_on_requests(name: str) -> None:
    assert request_problems("POST", "/channels/1/messages", {"content": "x"}) == []
    if name != "content of 2001":  # the description allows subscribers' 4000 here
        assert request_problems("POST", "/channels/1/messages", BAD_MESSAGES[name])
    assert request_problems("PATCH", "/webhooks/1/token/messages/@original", BAD_MESSAGES[name])


@needs_spec
def test_discords_description_bites_on_answers() -> None:
    good = {"id": "1", "type": 1, "flags": 0, "last_message_id": None, "recipients": []}
    bad = copy.deepcopy(good)
    bad["id"] = 1

    assert response_problems("POST", "/users/@me/channels", 200, good) == []
    assert response_problems("POST", "/users/@me/channels", 200, bad)
    assert response_problems("POST", "/users/@me/channels", 200, {"id": "1"})
    assert response_problems("GET", "/users/@me", 404, {"message": "no code"})
    assert request_problems("GET", "/nowhere", None)
