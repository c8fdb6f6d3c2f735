"""What people ask for, before it is checked: settings, and pictures to start from."""

from dataclasses import dataclass

from bot.sizing import Size
from config.words import UserError
from db.tables.record import Record
from inference.request import ImageRequest, Sampler
from jobs.notes import Note

STRENGTHS = {"subtle": 0.35, "strong": 0.7}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What /imagine was asked for; None where the checkpoint's own value will do."""

    prompt: str
    negative_prompt: str = ""
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    width: int | None = None
    height: int | None = None
    aspect: str | None = None
    sampler: Sampler | None = None
    checkpoint: str | None = None
    count: int = 1

    def dropped_on(self, request: ImageRequest) -> list[str]:
        """Return the names of the settings that a variation, made by the request, has from its source instead."""
        changed = {
            "width": self.width is not None,
            "height": self.height is not None,
            "aspect": self.aspect is not None,
            "model": self.checkpoint not in (None, request.checkpoint),
            "count": self.count != 1,
        }
        return [name for name, is_changed in changed.items() if is_changed]


@dataclass(frozen=True, slots=True)
class Source:
    """A picture to start from. An upload has no record, and names its own size only."""

    sha256: str
    size: Size
    record: Record | None
    notes: tuple[Note, ...] = ()


def parse_strength(text: str) -> float:
    """Return the strength that "subtle", "strong" or a number means."""
    named = STRENGTHS.get(text.strip().casefold())
    if named is not None:
        return named
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise UserError("bot.strength_unreadable", given=text[:20]) from None
