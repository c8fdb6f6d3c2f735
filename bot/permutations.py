"""`{red, green} bird`: one prompt that stands for several."""

import re
from dataclasses import dataclass, field

from config.words import UserError

MOST_PICTURES = 10  #: that one message of Discord's carries
PIECE = re.compile(r"\\[{},]|[{},]|\\|[^\\{},]+")
BRACES = re.compile(r"[{}]")
SPACES = re.compile(r" {2,}")


@dataclass(slots=True)
class _Level:
    """The text between two braces, as far as it is read: whole alternatives, and the one that is being written."""

    whole: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=lambda: [""])

    def write(self, *endings: str) -> None:
        self.begun = list(dict.fromkeys(start + ending for start in self.begun for ending in endings))

    def end_alternative(self) -> None:
        self.whole = list(dict.fromkeys((*self.whole, *(each.strip() for each in self.begun))))
        self.begun = [""]


def expand(prompt: str, limit: int) -> tuple[str, ...]:
    r"""Return every prompt that the braces stand for, each once, as they are written.

    `\{`, `\}` and `\,` are nothing but characters. Raises UserError for a brace without the other, and for more than
    `limit` prompts.
    """
    if not BRACES.search(prompt):
        return (prompt,)
    levels = [_Level()]
    for piece in PIECE.findall(prompt):
        _read(piece, levels)
        if len(levels[-1].begun) > limit or len(levels[-1].whole) > limit:
            raise UserError("bot.too_many_prompts", limit=limit)
    if len(levels) > 1:
        raise UserError("bot.brace_alone", brace="{", other="}")
    return tuple(dict.fromkeys(SPACES.sub(" ", each).strip() for each in levels[0].begun))


def _read(piece: str, levels: list[_Level]) -> None:
    if piece == "{":
        levels.append(_Level())
    elif piece == "}":
        if len(levels) == 1:
            raise UserError("bot.brace_alone", brace="}", other="{")
        levels[-1].end_alternative()
        inner = levels.pop()
        levels[-1].write(*inner.whole)
    elif piece == "," and len(levels) > 1:
        levels[-1].end_alternative()
    else:
        levels[-1].write(piece[1] if len(piece) == 2 and piece[0] == "\\" else piece)
