"""Trains the UNet on encoded pictures and captions that the text encoder has read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from numpy.typing import NDArray
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import CLIPTokenizer

from demo_model.pixels import to_unit
from demo_model.train.drawn import DrawnCaption
from demo_model.train.learner import Learner
from demo_model.train.networks import UNET_ENDS, inner_weights
from demo_model.train.plan import Plan
from demo_model.train.pool import Pool
from demo_model.train.precision import mixed
from demo_model.train.stage import LearningStage
from demo_model.train.stream import Stream
from demo_model.train.tokens import tokens_of
from demo_model.world.drawer import Picture

UNSAID = 0.1  #: the share of pictures that are learned without their caption, for guidance
UNIFORM = 0.25  #: the share of uniform times
MIDDLE, SPREAD = -0.4, 1.2  #: of the logits of times: half of all lie between 0.23 and 0.6
#: The signal left at the last step is 0.6 %: next to none, as sampling starts from none, and yet every sampler works.
SCHEDULER: dict[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "beta_schedule": "linear",
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
    "clip_sample": False,
    "set_alpha_to_one": True,
    "steps_offset": 1,
}


@dataclass(frozen=True)
class Encoder:
    """Turns pictures into latents and captions into words read, which the UNet works on. It does not learn."""

    vae: Any
    text_encoder: Any
    tokenizer: CLIPTokenizer
    device: torch.device

    @torch.no_grad()
    def latents(self, pictures: Sequence[Picture]) -> torch.Tensor:
        """Return the pictures' latents, of shape [pictures, channels, height, width]."""
        unit = to_unit(torch.from_numpy(np.stack(pictures)).to(self.device))
        with mixed(self.device):
            latents: torch.Tensor = self.vae.encode(
                unit.contiguous(memory_format=torch.channels_last)
            ).latent_dist.mode()
        return latents.float()

    @torch.no_grad()
    def words(self, texts: Sequence[str]) -> torch.Tensor:
        """Return the captions as the text encoder reads them, of shape [texts, LENGTH, width]."""
        words: torch.Tensor = self.text_encoder(tokens_of(self.tokenizer, texts).to(self.device))[0]
        return words


class DiffusionStage(LearningStage):
    """Learns v-prediction, on small pictures first."""

    name = "diffusion"

    def __init__(self, plan: Plan, device: torch.device, seed: tuple[int, ...], encoder: Encoder, unet: Any) -> None:
        unet = unet.to(device, memory_format=torch.channels_last)
        self.learner = Learner(unet, plan.diffusion_rate, inner_weights(unet, UNET_ENDS))
        self._plan, self._device, self._encoder = plan, device, encoder
        self._silence = encoder.words([""])
        self._alphas = DDIMScheduler(**SCHEDULER).alphas_cumprod.to(device)
        # On a CPU the plain way is the quicker one: the fused backward pass took a quarter of a step's time.
        fused = (SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION)
        self._attention = [SDPBackend.MATH] if device.type == "cpu" else [*fused, SDPBackend.MATH]
        self._seed, self._side = seed, plan.first_side
        self._pool, self._stream = Pool(plan.diffusion_pool), self._open()

    def step(self, progress: float) -> torch.Tensor:
        """Learn from one batch and return the loss."""
        small = progress < self._plan.diffusion_first_share
        self._change_side(self._plan.first_side if small else self._plan.side)
        self._pool.refresh(self._fresh, self._batch)
        latents, words, weights = self._pool.draw(self._batch)
        silent = torch.rand(len(words), 1, 1, device=self._device) < UNSAID
        loss = self._loss(latents, torch.where(silent, self._silence, words), weights)
        self.learner.learn(loss, progress)
        return loss.detach()

    def _loss(self, latents: torch.Tensor, words: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return how far the network is from the velocity of noised latents, each cell by its weight."""
        times = self._times(len(latents))
        left = self._alphas[times]
        signal, noise_share = left.sqrt()[:, None, None, None], (1 - left).sqrt()[:, None, None, None]
        noise = torch.randn_like(latents)
        noisy = (signal * latents + noise_share * noise).contiguous(memory_format=torch.channels_last)
        with mixed(self._device), sdpa_kernel(self._attention):
            velocity = self.learner.network(noisy, times, words).sample
        errors = (velocity.float() - (signal * noise - noise_share * latents)).square().mean(1)
        seen = as_far_as_seen(weights, left)
        loss: torch.Tensor = (seen * errors).sum() / seen.sum()
        return loss

    def _times(self, batch: int) -> torch.Tensor:
        """Return a time for every row, one from each stretch of all times: the loss varies less than with free ones.

        Most are logit-normal (Esser et al. 2024, Scaling Rectified Flow Transformers) and lie where shapes are decided.
        Half of this schedule is so noisy that it decides backgrounds and places only, which are learned soon, but would
        be forgotten if they never came again: for them some times are uniform.
        """
        even = (torch.arange(batch, device=self._device) + torch.rand(batch, device=self._device)) / batch
        normal: torch.Tensor = torch.special.ndtri(even)
        uniform = torch.rand(batch, device=self._device) < UNIFORM
        times = torch.where(uniform, even, (MIDDLE + SPREAD * normal).sigmoid()) * len(self._alphas)
        return times.long().clamp(max=len(self._alphas) - 1)

    @property
    def _batch(self) -> int:
        """The number of pictures in a step: more of the small ones."""
        return self._plan.diffusion_batch * self._plan.side // self._side

    def _open(self) -> Stream[tuple[Picture, str, NDArray[np.float32]]]:
        fresh = max(1, self._batch // self._plan.diffusion_reuse)
        drawn = DrawnCaption(self._side, self._side // self._plan.shrunk)
        return Stream(drawn, fresh, self._plan.workers, (*self._seed, self._side))

    def _change_side(self, side: int) -> None:
        """Draw pictures of another side from now on, where it is another, and forget the others."""
        if side != self._side:
            self.close()
            self._side = side
            self._pool, self._stream = Pool(self._plan.diffusion_pool), self._open()

    def _fresh(self) -> list[torch.Tensor]:
        """Return latents, words and weights of freshly drawn pictures."""
        pictures, texts, weights = zip(*self._stream.next(), strict=True)
        weighed = torch.from_numpy(np.stack(weights)).to(self._device)
        return [self._encoder.latents(pictures), self._encoder.words(texts), weighed]


def as_far_as_seen(weights: torch.Tensor, left: torch.Tensor) -> torch.Tensor:
    """Return weights of shape [pictures, cells, cells] for pictures of which such shares of the signal are left.

    Weights that depend on the answer change it: where noise leaves open whether a thing is there, one is expected the
    more the heavier it would be, and four hearts are drawn in place of two. So where nothing but noise is left,
    everything weighs 1.
    """
    return 1 + (weights - 1) * left[:, None, None]
