"""The values of a setting along one side of a comparison, as people write them: `1, 2, 5-8`, `3-9 (+2)`, `1-2 [5]`."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from config.words import UserError
from inference.request import MOST_VARIANTS

NUMBER = r"-?\d+(?:\.\d+)?"
RANGE = re.compile(rf"({NUMBER})\s*-\s*({NUMBER})(?:\s*\(\s*([+-]\d+(?:\.\d+)?)\s*\)|\s*\[\s*(\d+)\s*\])?")
SETTINGS = ("seed", "steps", "guidance", "sampler", "model", "prompt")
INSTEAD = "|"  # between words that stand for each other in a prompt

Value = int | float | str


@dataclass(frozen=True, slots=True)
class Axis:
    """A setting and its values, in their order."""

    setting: str
    values: tuple[Value, ...]


def read_axis(setting: str, text: str) -> Axis:
    """Return the values that somebody wrote. Raises UserError where they are none, too many, or twice the same."""
    values = tuple(READERS[setting](text))
    if not 1 <= len(values) <= MOST_VARIANTS:
        raise UserError("bot.axis_count", setting=setting, limit=MOST_VARIANTS, given=len(values))
    if len(set(values)) < len(values):
        raise UserError("bot.axis_twice", setting=setting)
    return Axis(setting, values)


def _parts(text: str, between: str = ",") -> list[str]:
    return [part.strip() for part in text.split(between) if part.strip()]


def _integers(text: str) -> Iterator[int]:
    for number in _numbers(text):
        if number != number.to_integral_value():
            raise UserError("bot.axis_unreadable", given=str(number))
        yield int(number)


def _floats(text: str) -> Iterator[float]:
    return map(float, _numbers(text))


def _numbers(text: str) -> Iterator[Decimal]:
    for part in _parts(text):
        if re.fullmatch(NUMBER, part):
            yield Decimal(part)
            continue
        match = RANGE.fullmatch(part)
        if match is None:
            raise UserError("bot.axis_unreadable", given=part[:40])
        yield from _spread(part, Decimal(match[1]), Decimal(match[2]), match[3], match[4])


def _spread(part: str, start: Decimal, end: Decimal, step: str | None, count: str | None) -> Sequence[Decimal]:
    """Return the numbers of a range: by steps, or so many at equal distances."""
    if count is not None:
        many = int(count)
        if not 2 <= many <= MOST_VARIANTS:
            raise UserError("bot.axis_unreadable", given=part[:40])
        return [(start + (end - start) * index / (many - 1)).quantize(Decimal("0.001")) for index in range(many)]
    by = Decimal(step) if step is not None else Decimal(1 if end >= start else -1)
    if by == 0 or (end - start) * by < 0:
        raise UserError("bot.axis_unreadable", given=part[:40])
    many = int((end - start) / by) + 1
    return [start + by * index for index in range(min(many, MOST_VARIANTS + 1))]


READERS: dict[str, Callable[[str], Any]] = {
    "seed": _integers,
    "steps": _integers,
    "guidance": _floats,
    "sampler": _parts,
    "model": _parts,
    "prompt": lambda text: _parts(text, INSTEAD),
}
