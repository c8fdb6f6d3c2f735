"""What a filled-in modal does, by the kind that stands in its custom_id, so that a restart does not lose it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.inpainting import inpaint_by_modal
from bot.interaction import Interaction
from bot.remixing import remix
from bot.reviewing import appeal, note, report
from bot.setting import take_more
from bot.starting import start_from

Submit = Callable[[Interaction, str, dict[str, str]], Awaitable[None]]

MODALS: Mapping[str, Submit] = {
    "remix": remix,
    "source": start_from,
    "inpaint": inpaint_by_modal,
    "appeal": appeal,
    "report": report,
    "note": note,
    "settings": take_more,
}


def fields_of(data: Any) -> dict[str, str]:
    """Return the values of a submitted modal's text fields by their custom_id."""
    inputs = (part.get("component") or part["components"][0] for part in data["components"] if _holds_input(part))
    return {each["custom_id"]: each["value"] for each in inputs}


def _holds_input(part: dict[str, Any]) -> bool:
    return "component" in part or bool(part.get("components"))
