"""Something the person should know about their job, kept until the reply is written."""

from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence of the catalogue by its key, with what fills it."""

    key: str
    values: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for the database."""
        return {"key": self.key, "values": self.values}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Return the note that `to_dict` wrote."""
        return cls(stored["key"], stored["values"])
