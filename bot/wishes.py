"""What people ask for, before it is checked: settings, and pictures to start from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from bot.sizing import Size
from config.words import UserError
from db.tables.record import Record
from inference.request import ImageRequest, Sampler
from jobs.notes import Note

SIZE = ("width", "height", "aspect")  # one setting of three fields
STRENGTHS = {"subtle": 0.35, "strong": 0.7}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What /imagine was asked for; None where it leaves something open. `adapters` are as people write them."""

    prompt: str
    negative_prompt: str | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    width: int | None = None
    height: int | None = None
    aspect: str | None = None
    sampler: Sampler | None = None
    checkpoint: str | None = None
    count: int | None = None
    preset: str | None = None
    adapters: str | None = None

    def filled(self, settings: Mapping[str, Any]) -> Self:
        """Return the wish with these settings where it leaves them open; whoever gives a side has given a size."""
        has_size = any(getattr(self, name) is not None for name in SIZE)
        taken = {
            name: value
            for name, value in settings.items()
            if getattr(self, name) is None and not (has_size and name in SIZE)
        }
        return replace(self, **taken)

    def dropped_on(self, request: ImageRequest) -> list[str]:
        """Return the names of the settings that a variation, made by the request, has from its source instead."""
        changed = {
            "width": self.width is not None,
            "height": self.height is not None,
            "aspect": self.aspect is not None,
            "model": self.checkpoint not in (None, request.checkpoint),
            "count": self.count not in (None, 1),
            "preset": self.preset is not None,
            "adapters": self.adapters is not None,
        }
        return [name for name, is_changed in changed.items() if is_changed]


@dataclass(frozen=True, slots=True)
class Source:
    """A picture to start from. An upload has no record, and names its own size only."""

    sha256: str
    size: Size
    record: Record | None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Mask:
    """Where a picture is drawn anew: a grey PNG file of the picture's size, in the store, white there and else black.

    `box` is what holds all of it, in pixels: left, top, right, bottom. `share` is how much of the picture it is.
    """

    sha256: str
    box: tuple[int, int, int, int]
    share: float


def parse_strength(text: str, names: Mapping[str, float] = STRENGTHS) -> float:
    """Return the strength that "subtle", "strong" or a number means."""
    named = names.get(text.strip().casefold())
    if named is not None:
        return named
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise UserError("bot.strength_unreadable", given=text[:20]) from None
