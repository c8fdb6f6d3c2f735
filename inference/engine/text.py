"""Prompts as the UNet reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Embedding:
    """An encoded prompt: `tokens` of shape [1, length, width]; SDXL has `pooled` of shape [1, width] too."""

    tokens: torch.Tensor
    pooled: torch.Tensor | None = None

    @classmethod
    def zeros_like(cls, other: "Embedding") -> "Embedding":
        """Return what SDXL was trained to read as no prompt at all."""
        assert other.pooled is not None
        return cls(torch.zeros_like(other.tokens), torch.zeros_like(other.pooled))


@dataclass(frozen=True, slots=True)
class TextEncoder:
    """A CLIP tokenizer and its encoder. SDXL reads the last layer but one (`penultimate`)."""

    tokenizer: Any
    encoder: Any
    penultimate: bool

    def encode(self, text: str) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the hidden states of every token, and the pooled ones where the encoder projects them."""
        ids = self.tokenizer(
            text, padding="max_length", max_length=self.length, truncation=True, return_tensors="pt"
        ).input_ids
        output = self.encoder(ids.to(self.encoder.device), output_hidden_states=self.penultimate)
        hidden = output.hidden_states[-2] if self.penultimate else output.last_hidden_state
        return hidden, output.get("text_embeds")

    @property
    def length(self) -> int:
        """The number of tokens that fit."""
        return min(int(self.tokenizer.model_max_length), int(self.encoder.config.max_position_embeddings))

    def overflow(self, text: str) -> str:
        """Return the end of the text that does not fit."""
        ids = self.tokenizer(text).input_ids
        return str(self.tokenizer.decode(ids[self.length - 1 : -1])).strip() if len(ids) > self.length else ""


def encode(encoders: Sequence[TextEncoder], text: str) -> Embedding:
    """Return the text as all encoders of the checkpoint read it, side by side."""
    parts = [encoder.encode(text) for encoder in encoders]
    return Embedding(torch.cat([hidden for hidden, _ in parts], dim=-1), parts[-1][1])
