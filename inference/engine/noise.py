"""The noise that a picture is drawn from: from the CPU, so that every device gets the same."""

from dataclasses import dataclass
from typing import Self

import torch

from inference.request import ImageRequest, Variation

PARALLEL = 0.9995  #: the cosine beyond which a straight line is as good as an arc, and more exact


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of a seed, its beginning turned towards that of others, one after the other."""

    seed: int
    variations: tuple[Variation, ...] = ()

    @classmethod
    def of(cls, request: ImageRequest) -> Self:
        """Return the noise that a request for one picture asks for."""
        return cls(request.seed, request.variations)

    def generator(self) -> torch.Generator:
        """Return what draws it, from its beginning."""
        return _generator(self.seed)

    def first(self, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
        """Return what a picture starts from; its generator goes on from there."""
        noise = torch.randn(shape, generator=generator)
        for variation in self.variations:
            other = torch.randn(shape, generator=_generator(variation.seed))
            noise = slerp(noise, other, variation.strength)
        return noise


def _generator(seed: int) -> torch.Generator:
    return torch.Generator("cpu").manual_seed(seed)


def slerp(one: torch.Tensor, other: torch.Tensor, share: float) -> torch.Tensor:
    """Return what lies the `share` of the way along the arc between two tensors (Shoemake 1985).

    On a straight line noise would lose strength towards the middle, and the picture its detail.
    """
    start, end = one.double(), other.double()
    cosine = torch.sum(start / start.norm() * (end / end.norm()))
    if abs(float(cosine)) > PARALLEL:
        return ((1 - share) * start + share * end).to(one.dtype)
    angle = torch.acos(cosine)
    mixed = (torch.sin((1 - share) * angle) * start + torch.sin(share * angle) * end) / torch.sin(angle)
    return mixed.to(one.dtype)


def middle(latents: list[torch.Tensor]) -> torch.Tensor:
    """Return the mean of several pictures' latents, as strong as they are on the average."""
    mean = torch.stack(latents).mean(0)
    if len(latents) == 1:
        return mean
    strength = torch.stack([each.std() for each in latents]).mean()
    return (mean - mean.mean()) * (strength / mean.std()) + mean.mean()
