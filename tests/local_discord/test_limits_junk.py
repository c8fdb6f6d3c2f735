"""Whatever is sent, the rules answer with a form error or with nothing."""

import contextlib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from local_discord.errors import Form, FormError
from local_discord.limits.callbacks import check_callback
from local_discord.limits.commands import check_commands
from local_discord.limits.messages import Door, check_message

KEYS = (
    *("type", "name", "description", "options", "choices", "value", "required", "min_value", "max_value", "contexts"),
    *(
        "autocomplete",
        "content",
        "embeds",
        "title",
        "fields",
        "footer",
        "author",
        "image",
        "url",
        "flags",
        "components",
    ),
    *("components", "custom_id", "label", "style", "min_values", "items", "media", "accessory", "component", "id"),
    *(
        "attachments",
        "allowed_mentions",
        "parse",
        "users",
        "data",
        "name_localizations",
        "de",
        "nonce",
        "message_reference",
    ),
)
LEAVES = st.none() | st.booleans() | st.integers(-3, 40) | st.just(1 << 15) | st.floats() | st.sampled_from(["", "a"])
BODIES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(BODIES)
def test_junk_is_refused_in_form(body: Any) -> None:
    for check in (check_callback, check_commands, _message):
        form = Form()
        check(body, form)
        with contextlib.suppress(FormError):
            form.finish()


def _message(body: Any, form: Form) -> None:
    for door in Door:
        check_message(body, (), form, door)
        check_message({"components": body, "flags": 1 << 15}, (), form, door)
        check_message({"components": [body], "embeds": [body]}, (), form, door)
