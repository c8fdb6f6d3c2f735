"""Cheap looks at unfinished latents: a linear map from latent to colour, fitted to the checkpoint's own VAE."""

import io
from typing import Any

import numpy as np
import torch
from PIL import Image

from inference.engine.pictures import Picture

FITTED_SIDE = 128
PREVIEW_SIDE = 256
QUALITY = 75


class PreviewMap:
    """The matrix of shape [channels + 1, 3] that best turns latents into colours."""

    def __init__(self, matrix: torch.Tensor) -> None:
        self._matrix = matrix

    @classmethod
    def fit(cls, vae: Any) -> "PreviewMap":
        """Fit the map to how the VAE encodes smooth colours."""
        picture = _smooth_colours(FITTED_SIDE)
        latents = vae.encode(picture.to(vae.device, vae.dtype)).latent_dist.mode()[0].float().cpu()
        colours = torch.nn.functional.interpolate(picture, latents.shape[-2:], mode="area")[0]
        samples = _with_one(latents * vae.config.scaling_factor)
        # By the normal equations, slightly damped: unused channels would make lstsq's answer arbitrary.
        gram = samples.T @ samples + 1e-3 * torch.eye(samples.shape[1])
        return cls(torch.linalg.solve(gram, samples.T @ colours.flatten(1).T))

    def look(self, latents: torch.Tensor) -> Picture:
        """Return latents of shape [1, channels, height, width] as a small picture."""
        colours = _with_one(latents[0].float().cpu()) @ self._matrix
        unit = (colours / 2 + 0.5).clamp(0, 1).reshape(*latents.shape[-2:], 3)
        return np.asarray(unit * 255, dtype=np.uint8)


def to_jpeg(picture: Picture) -> bytes:
    """Return the picture as a JPEG whose longer side has PREVIEW_SIDE pixels."""
    image = Image.fromarray(picture)
    scale = PREVIEW_SIDE / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    buffer = io.BytesIO()
    image.resize(size, Image.Resampling.BILINEAR).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def _with_one(latents: torch.Tensor) -> torch.Tensor:
    flat = latents.flatten(1).T
    return torch.cat([flat, torch.ones(len(flat), 1)], dim=1)


def _smooth_colours(side: int) -> torch.Tensor:
    generator = torch.Generator("cpu").manual_seed(0)
    coarse = torch.rand((1, 3, 6, 6), generator=generator) * 2 - 1
    return torch.nn.functional.interpolate(coarse, (side, side), mode="bilinear", align_corners=True)
