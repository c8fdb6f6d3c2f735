"""Submitting a modal: what each of its fields holds, checked as Discord's client checks it."""

from typing import Any

from local_discord.guild import Json
from local_discord.interactions import Interaction
from local_discord.limits import kinds
from local_discord.person.places import Act, Refused
from local_discord.person.pressing import selected
from local_discord.person.resolved import Resolved


class Submission:
    """A modal being filled in; fields not named keep what the modal filled in."""

    def __init__(self, act: Act, interaction: Interaction) -> None:
        assert interaction.modal is not None
        self._act = act
        self._modal = interaction.modal
        self._given = act.table("fields")
        self._files = iter(act.uploads)
        self._resolved = Resolved(act.core, interaction.channel, act.user)
        self._used: set[str] = set()

    def data(self) -> Json:
        """The interaction data of the submit; Refused with a sentence when a field does not fit."""
        components = [self._part(component) for component in self._modal["components"]]
        for name in self._given.keys() - self._used:
            raise Refused(f"The form has no field “{name}”.")
        return {"custom_id": self._modal["custom_id"], "components": components, **self._resolved.part()}

    def _part(self, component: Json) -> Json:
        head = {"type": component["type"], "id": component["id"]}
        if component["type"] == kinds.ROW:
            return {**head, "components": [self._field(inner, inner["label"]) for inner in component["components"]]}
        if component["type"] == kinds.LABEL:
            return {**head, "component": self._field(component["component"], component["label"])}
        return head

    def _field(self, field: Json, label: str) -> Json:
        name, kind = field["custom_id"], field["type"]
        self._used.add(name)
        given = self._given.get(name)
        head = {"type": kind, "id": field["id"], "custom_id": name}
        if kind == kinds.TEXT_INPUT:
            return {**head, "value": _text(field, label, given)}
        if kind == kinds.CHECKBOX:
            return {**head, "value": bool(field.get("default", False) if given is None else given)}
        if kind == kinds.RADIO_GROUP:
            return {**head, "value": self._radio(field, label, given)}
        if kind == kinds.FILE_UPLOAD:
            return {**head, "values": self._uploads(field, label)}
        return {**head, "values": self._several(field, label, given)}

    def _radio(self, field: Json, label: str, given: Any) -> str | None:
        filled = next((option["value"] for option in field["options"] if option.get("default")), None)
        value = filled if given is None else str(given)
        if value is None and field.get("required", True):
            raise Refused(f"“{label}” is required.")
        if value is not None and value not in {option["value"] for option in field["options"]}:
            raise Refused(f"“{label}” has no such choice.")
        return value

    def _several(self, field: Json, label: str, given: Any) -> list[str]:
        if given is None:
            given = [option["value"] for option in field.get("options", []) if option.get("default")]
            given = given or [default["id"] for default in field.get("default_values", [])]
        if not given and not field.get("required", True):
            return []
        if field["type"] in kinds.SELECTS:
            return selected(self._act, field, given, self._resolved)
        values = [str(value) for value in given] if isinstance(given, list) else []
        low, high = field.get("min_values", 1), field.get("max_values", len(field["options"]))
        if not low <= len(values) <= high or not {option["value"] for option in field["options"]}.issuperset(values):
            raise Refused(f"“{label}”: choose between {low} and {high}.")
        return values

    def _uploads(self, field: Json, label: str) -> list[str]:
        most, least = field.get("max_values", 1), field.get("min_values", 1)
        if not field.get("required", True):
            least = 0
        taken = [upload for _, upload in zip(range(most), self._files, strict=False)]
        if len(taken) < least:
            raise Refused(f"“{label}” needs {least} file{'s' if least > 1 else ''}.")
        return [self._resolved.attachment(upload) for upload in taken]


def _text(field: Json, label: str, given: Any) -> str:
    value = str(field.get("value") or "") if given is None else str(given)
    if not value and field.get("required", True):
        raise Refused(f"“{label}” is required.")
    low, high = field.get("min_length", 0), field.get("max_length", 4000)
    if value and not low <= len(value) <= high:
        raise Refused(f"“{label}” must be {low} to {high} characters long.")
    return value
