"""What the UNet is given in one call: rows that know nothing of each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import torch
from torch.nn import functional


class Shape(NamedTuple):
    """What rows have in common that go into one call: the latents' sides, and the tokens of a prompt."""

    height: int
    width: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one shape: `latents` [rows, channels, height, width], `timesteps` [rows], `tokens` [rows, length, width].

    SDXL reads `pooled` [rows, width] and `sizes` [rows, 6] too, who was distilled to know guidance, `guidance`
    [rows, width], and an upscaler how far its source is noised, `levels` [rows].
    """

    latents: torch.Tensor
    timesteps: torch.Tensor
    tokens: torch.Tensor
    pooled: torch.Tensor | None = None
    sizes: torch.Tensor | None = None
    guidance: torch.Tensor | None = None
    levels: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.latents)

    @property
    def shape(self) -> Shape:
        """The rows' shape."""
        return Shape(self.latents.shape[-2], self.latents.shape[-1], self.tokens.shape[1])

    @classmethod
    def join(cls, parts: Sequence[Self], width: int) -> Self:
        """Return the rows of all parts, one after another, filled up with zeros to `width` rows."""
        fields: dict[str, Any] = {name: _join([getattr(part, name) for part in parts], width) for name in cls.__slots__}
        return cls(**fields)

    def map(self, change: Callable[[torch.Tensor], torch.Tensor]) -> "Rows":
        """Return the rows with every part changed."""
        parts = {name: getattr(self, name) for name in self.__slots__}
        fields: dict[str, Any] = {name: None if part is None else change(part) for name, part in parts.items()}
        return Rows(**fields)

    def take(self, other: "Rows") -> None:
        """Take over what other rows of the same shape hold."""
        for name in self.__slots__:
            if (part := getattr(self, name)) is not None:
                part.copy_(getattr(other, name))

    def added(self) -> dict[str, torch.Tensor] | None:
        """Return what SDXL reads beside the tokens, as its UNet takes it."""
        if self.pooled is None or self.sizes is None:
            return None
        return {"text_embeds": self.pooled, "time_ids": self.sizes}


def _join(parts: list[torch.Tensor | None], width: int) -> torch.Tensor | None:
    tensors = [part for part in parts if part is not None]
    if not tensors:
        return None
    joined = torch.cat(tensors)
    return functional.pad(joined, (0, 0) * (joined.dim() - 1) + (0, width - len(joined)))
