"""How large everything is: networks, batches, and how a run's time is shared out."""

from dataclasses import dataclass, replace

import torch


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One way to train, by default in a night on two cores. Sides are in pixels, rates are Adam's."""

    side: int = 256
    first_side: int = 128  #: the diffusion model learns words on small pictures first, four times as quickly
    first_share: float = 0.6  #: of the diffusion model's time
    crop: int = 128
    vae_channels: tuple[int, ...] = (16, 32, 64, 96)
    unet_channels: tuple[int, ...] = (48, 96, 144)
    text_width: int = 128
    text_layers: int = 4
    detector_batch: int = 16
    autoencoder_batch: int = 8
    diffusion_batch: int = 32
    reuse: int = 4  #: how often a drawn picture is learned from, on average
    pool: int = 4096  #: how many encoded pictures are at hand
    detector_rate: float = 2e-3
    autoencoder_rate: float = 1e-3
    diffusion_rate: float = 5e-4
    workers: int = 0  #: processes that draw; 0: the training process draws


ON_CPU = Plan()
ON_GPU = replace(
    ON_CPU,
    first_share=0.45,
    vae_channels=(32, 64, 96, 112),
    unet_channels=(64, 128, 192),
    detector_batch=128,
    autoencoder_batch=96,
    diffusion_batch=512,
    reuse=8,
    pool=49152,
    diffusion_rate=8e-4,
    workers=14,
)
TINY = replace(
    ON_CPU,
    side=64,
    first_side=32,
    crop=32,
    vae_channels=(8, 8, 8, 8),
    unet_channels=(16, 16, 16),
    text_width=16,
    text_layers=1,
    detector_batch=2,
    autoencoder_batch=2,
    diffusion_batch=2,
    pool=8,
)
SHARES = {"detector": 0.1, "autoencoder": 0.25, "diffusion": 0.65}  #: of a run's time


def plan_for(device: torch.device) -> Plan:
    """Return the plan that suits the device."""
    return ON_GPU if device.type == "cuda" else ON_CPU
