"""Encoded pictures at hand: the newest push out the oldest."""

import torch


class Pool:
    """Latents with the words of their captions, on the device that learns from them, in half precision."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._latents: torch.Tensor | None = None
        self._words: torch.Tensor | None = None
        self._added = 0

    def __len__(self) -> int:
        return min(self._added, self._size)

    def add(self, latents: torch.Tensor, words: torch.Tensor) -> None:
        """Put in latents of shape [pictures, channels, height, width] and words of shape [pictures, length, width]."""
        if self._latents is None or self._words is None:
            self._latents = latents.new_empty((self._size, *latents.shape[1:]), dtype=torch.float16)
            self._words = words.new_empty((self._size, *words.shape[1:]), dtype=torch.float16)
        where = (torch.arange(len(latents), device=latents.device) + self._added) % self._size
        self._latents[where] = latents.half()
        self._words[where] = words.half()
        self._added += len(latents)

    def draw(self, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a batch drawn by lot. Raises LookupError where there is none yet."""
        if self._latents is None or self._words is None:
            raise LookupError("the pool is empty")
        where = torch.randint(len(self), (batch,), device=self._latents.device)
        return self._latents[where].float(), self._words[where].float()
