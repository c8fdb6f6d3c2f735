"""The numbers that pictures grow from."""

import secrets
from dataclasses import replace

from inference.request import SEEDS, ImageRequest


def choose_seed(wanted: int | None = None) -> int:
    """Return the seed that was wished for, or any."""
    return secrets.randbelow(SEEDS) if wanted is None else wanted


def reseeded(request: ImageRequest) -> ImageRequest:
    """Return the request from another seed; seeds that its variants name are as far from it as they were."""
    seed = choose_seed()
    variants = tuple(
        each if each.seed is None else replace(each, seed=(each.seed - request.seed + seed) % SEEDS)
        for each in request.variants
    )
    return replace(request, seed=seed, variants=variants)
