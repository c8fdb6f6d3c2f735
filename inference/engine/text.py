"""Prompts as the UNet reads them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import torch
from diffusers.models.embeddings import get_timestep_embedding

from inference.request import ImageRequest

REMEMBERED = 64  # prompts: many people ask for the same more than once, and all for the empty one


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
    """A CLIP tokenizer and its encoder. SDXL reads the last layer but one (`penultimate`).

    `expand` writes out the words that stand for several, as those of textual inversions do.
    """

    tokenizer: Any
    encoder: Any
    penultimate: bool
    expand: Callable[[str], str] = str

    def encode(self, text: str) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the hidden states of every token, and the pooled ones where the encoder projects them."""
        output = self.read(text, hidden_states=self.penultimate)
        hidden = output.hidden_states[-2] if self.penultimate else output.last_hidden_state
        return hidden, output.get("text_embeds")

    @property
    def length(self) -> int:
        """The number of tokens that fit."""
        return min(int(self.tokenizer.model_max_length), int(self.encoder.config.max_position_embeddings))

    def overflow(self, text: str) -> str:
        """Return the end of the text that does not fit."""
        ids = self.tokenizer(self.expand(text)).input_ids
        return str(self.tokenizer.decode(ids[self.length - 1 : -1])).strip() if len(ids) > self.length else ""

    def read(self, text: str, *, hidden_states: bool) -> Any:
        """Return all that the network makes of a text."""
        ids = self.tokenizer(
            self.expand(text), padding="max_length", max_length=self.length, truncation=True, return_tensors="pt"
        ).input_ids
        return self.encoder(ids.to(self.encoder.device), output_hidden_states=hidden_states)


class PooledTextEncoder(TextEncoder):
    """What the latent upscaler reads: the last layer before its normalisation, and the pooled states."""

    def encode(self, text: str) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the hidden states of every token, and the pooled ones."""
        output = self.read(text, hidden_states=True)
        return output.hidden_states[-1], output.pooler_output


def encode(encoders: Sequence[TextEncoder], text: str) -> Embedding:
    """Return the text as all encoders of the checkpoint read it, side by side."""
    parts = [encoder.encode(text) for encoder in encoders]
    return Embedding(torch.cat([hidden for hidden, _ in parts], dim=-1), parts[-1][1])


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What the UNet is told beside the latents: one row, or two (the negative one first) under guidance.

    A UNet that was distilled to know guidance (as by LCM) is told of it, in one row: `guidance` is of shape [1, width].
    """

    tokens: torch.Tensor
    pooled: torch.Tensor | None
    guidance_scale: float
    guidance: torch.Tensor | None = None

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.tokens)

    def sizes(self, width: int, height: int) -> torch.Tensor | None:
        """Return what SDXL is told of the picture's size, in pixels, of shape [rows, 6]."""
        if self.pooled is None:
            return None
        sizes = torch.tensor([[height, width, 0, 0, height, width]], device=self.pooled.device)
        return sizes.to(self.pooled.dtype).repeat(self.rows, 1)

    def guide(self, prediction: torch.Tensor) -> torch.Tensor:
        """Return the prediction of one row that the predictions of all rows lead to."""
        if self.rows == 1:
            return prediction
        negative, positive = prediction[:1], prediction[1:]
        return negative + self.guidance_scale * (positive - negative)


def mean(embeddings: Sequence[Embedding]) -> Embedding:
    """Return the middle between several prompts."""
    if len(embeddings) == 1:
        return embeddings[0]
    pooled = [each.pooled for each in embeddings if each.pooled is not None]
    tokens = torch.stack([each.tokens for each in embeddings]).mean(0)
    return Embedding(tokens, torch.stack(pooled).mean(0) if pooled else None)


def _texts(request: ImageRequest) -> tuple[str, ...]:
    """Return the prompts that a picture is drawn from: what is blended has words for each part."""
    return tuple(each.prompt for each in request.blended) or (request.prompt,)


def embed_guidance(scale: float, width: int) -> torch.Tensor:
    """Return the guidance scale as distilled UNets are told of it, of shape [1, width]."""
    embedding: torch.Tensor = get_timestep_embedding(1000 * torch.tensor([scale - 1]), width, downscale_freq_shift=1)
    return embedding


class Reader:
    """Reads prompts with a checkpoint's encoders, one at a time, and remembers those it read last.

    `guidance_width` is that of the embedding in which the UNet is told of guidance, where it knows of it.
    """

    def __init__(
        self, encoders: Sequence[TextEncoder], *, zeros_for_no_prompt: bool, guidance_width: int | None = None
    ) -> None:
        self._zeros_for_no_prompt = zeros_for_no_prompt
        self._guidance_width = guidance_width
        self._encoders = encoders
        self.read = lru_cache(REMEMBERED)(partial(encode, encoders))
        self.found = self.encoded = 0  #: prompts of requests that were remembered, and that were not

    @property
    def networks(self) -> list[Any]:
        """The encoders' networks."""
        return [encoder.encoder for encoder in self._encoders]

    def condition(self, request: ImageRequest) -> Conditioning:
        """Return what the request's prompts tell the UNet."""
        prompt = mean([self._recall(text) for text in _texts(request)])
        if self._guidance_width is not None:
            guidance = embed_guidance(request.guidance_scale, self._guidance_width).to(prompt.tokens)
            return Conditioning(prompt.tokens, prompt.pooled, 1.0, guidance)
        if request.guidance_scale <= 1:
            return Conditioning(prompt.tokens, prompt.pooled, 1.0)
        if self._zeros_for_no_prompt and not request.negative_prompt:
            negative = Embedding.zeros_like(prompt)
        else:
            negative = self._recall(request.negative_prompt)
        pooled = None
        if prompt.pooled is not None and negative.pooled is not None:
            pooled = torch.cat([negative.pooled, prompt.pooled])
        return Conditioning(torch.cat([negative.tokens, prompt.tokens]), pooled, request.guidance_scale)

    def _recall(self, text: str) -> Embedding:
        """Read a request's prompt, and count whether it was remembered."""
        before = self.read.cache_info().misses
        embedding = self.read(text)
        encoded = self.read.cache_info().misses - before
        self.encoded += encoded
        self.found += 1 - encoded
        return embedding

    def overflow(self, text: str) -> str:
        """Return the end of the text that the encoders cannot read."""
        return self._encoders[0].overflow(text)
