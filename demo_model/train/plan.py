"""How large everything is: networks, batches, and how a run's time is shared out."""

from dataclasses import dataclass, replace

import torch


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One way to train, by default in a night on two cores. Sides are in pixels, rates are Adam's and Muon's."""

    side: int = 256
    first_side: int = 128  #: networks learn on small pictures first, four times as quickly
    autoencoder_first_share: float = 0.65  #: of its time
    diffusion_first_share: float = 0.06
    vae_channels: tuple[int, ...] = (16, 32, 64, 128)
    unet_channels: tuple[int, ...] = (64, 96, 128, 160)
    text_width: int = 128
    text_layers: int = 4
    detector_batch: int = 32
    detector_reuse: int = 2  #: how often a drawn picture is learned from, on average
    detector_pool: int = 4096  #: how many pictures are at hand: 0.8 GB
    autoencoder_batch: int = 2  #: of whole pictures; of small ones as many more as fit the same area
    language_batch: int = 64
    diffusion_batch: int = 32
    diffusion_reuse: int = 24  #: the same for encoded pictures, which are learned from at other times and noises
    diffusion_pool: int = 16384
    upscaler_batch: int = 2
    upscaler_cut: int = 96
    detector_rate: float = 2e-3
    autoencoder_rate: float = 1e-3
    language_rate: float = 1e-3
    diffusion_rate: float = 6e-4
    upscaler_rate: float = 1e-3
    workers: int = 0  #: processes that draw; 0: the training process draws

    @property
    def shrunk(self) -> int:
        """How many pixels of a picture's side make one of its latents'."""
        return 1 << (len(self.vae_channels) - 1)


ON_CPU = Plan()
ON_GPU = replace(
    ON_CPU,
    detector_batch=128,
    autoencoder_batch=16,
    language_batch=512,
    diffusion_batch=512,
    diffusion_reuse=12,
    upscaler_batch=32,
    diffusion_pool=49152,
    diffusion_rate=8e-4,
    workers=14,
)
TINY = replace(
    ON_CPU,
    side=64,
    first_side=32,
    vae_channels=(8, 8, 8, 8),
    unet_channels=(16, 16, 16, 16),
    text_width=16,
    text_layers=1,
    detector_batch=2,
    detector_pool=8,
    autoencoder_batch=2,
    language_batch=2,
    diffusion_batch=2,
    upscaler_batch=2,
    upscaler_cut=32,
    diffusion_pool=8,
)
SHARES = {"language": 0.02, "autoencoder": 0.1, "detector": 0.2, "upscaler": 0.03, "diffusion": 0.65}  #: of the time


def plan_for(device: torch.device) -> Plan:
    """Return the plan that suits the device."""
    return ON_GPU if device.type == "cuda" else ON_CPU
