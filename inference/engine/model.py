"""A checkpoint in memory."""

from dataclasses import dataclass, field
from typing import Any

import torch

from inference.checkpoints import Checkpoint
from inference.engine.preview import PreviewMap
from inference.engine.rows import Shape
from inference.engine.safety import PictureCheck
from inference.engine.schedulers import Schedulers
from inference.engine.text import Reader
from inference.engine.upscaler import Upscaler
from inference.protocol import Loaded
from inference.request import Adapters


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A checkpoint in memory."""

    checkpoint: Checkpoint
    adapters: Adapters
    device: torch.device
    dtype: torch.dtype
    reader: Reader
    unet: Any
    vae: Any
    upscaler: Upscaler | None
    schedulers: Schedulers
    picture_check: PictureCheck | None
    preview: PreviewMap
    fingerprint: dict[str, str]
    low_res: Any = None  #: a diffusion upscaler's scheduler that noises what it enlarges
    low_memory: bool  #: its parts take turns on the device, and large pictures are decoded in tiles
    asks: dict[tuple[Shape, int], Any] = field(default_factory=dict)  #: ways to ask the UNet, by shape and rows
    apart: dict[tuple[Shape, int], bool] = field(default_factory=dict)  #: whether rows keep apart then
    compiled: set[tuple[Shape, int]] = field(default_factory=set)  #: those of the ways that are compiled

    @property
    def key(self) -> Loaded:
        """What tells it from others."""
        return self.checkpoint.name, self.adapters

    @property
    def parts(self) -> list[Any]:
        """Its networks."""
        parts = [self.unet, self.vae, *self.reader.networks]
        parts += [] if self.upscaler is None else [self.upscaler]
        parts += [] if self.picture_check is None else self.picture_check.networks
        return parts

    @property
    def bytes(self) -> int:
        """The memory that its weights take."""
        return sum(weight.numel() * weight.element_size() for part in self.parts for weight in part.parameters())

    @property
    def latent_channels(self) -> int:
        """The number of channels of latents."""
        return int(self.vae.config.latent_channels)

    @property
    def inpaints(self) -> bool:
        """Whether the UNet was trained to see a mask and the masked picture's latents beside the noisy ones."""
        return int(self.unet.config.in_channels) == 2 * self.latent_channels + 1

    @property
    def latent_scale(self) -> int:
        """The number of pixels along a side that one latent stands for."""
        return 1 << (len(self.vae.config.block_out_channels) - 1)
