"""Trains the UNet on encoded pictures and captions that the text encoder has read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import CLIPTokenizer

from demo_model.train.autoencoder import to_unit
from demo_model.train.drawn import DrawnCaption
from demo_model.train.learner import Learner
from demo_model.train.networks import make_unet
from demo_model.train.plan import Plan
from demo_model.train.pool import Pool
from demo_model.train.stream import Stream
from demo_model.train.tokens import tokens_of
from demo_model.world.drawer import Picture

UNSAID = 0.1  #: the share of pictures that are learned without their caption, for guidance
FILL = 16  #: batches of pictures in the pool before learning starts
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
        with torch.autocast(self.device.type, torch.bfloat16):
            latents: torch.Tensor = self.vae.encode(
                unit.contiguous(memory_format=torch.channels_last)
            ).latent_dist.mode()
        return latents.float()

    @torch.no_grad()
    def words(self, texts: Sequence[str]) -> torch.Tensor:
        """Return the captions as the text encoder reads them, of shape [texts, LENGTH, width]."""
        words: torch.Tensor = self.text_encoder(tokens_of(self.tokenizer, texts).to(self.device))[0]
        return words


class DiffusionStage:
    """Learns v-prediction, on small pictures first."""

    name = "diffusion"

    def __init__(self, plan: Plan, device: torch.device, seed: tuple[int, ...], encoder: Encoder) -> None:
        self.learner = Learner(make_unet(plan).to(device, memory_format=torch.channels_last), plan.diffusion_rate)
        self._plan, self._device, self._encoder = plan, device, encoder
        self._silence = encoder.words([""])
        self._alphas = DDIMScheduler(**SCHEDULER).alphas_cumprod.to(device)
        # On a CPU the plain way is the quicker one: the fused backward pass took a quarter of a step's time.
        fused = (SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION)
        self._attention = [SDPBackend.MATH] if device.type == "cpu" else [*fused, SDPBackend.MATH]
        self._seed, self._side = seed, 0
        self._pool = Pool(plan.pool)
        self._stream: Stream[tuple[Picture, str]] | None = None

    def step(self, progress: float) -> torch.Tensor:
        """Learn from one batch and return the loss."""
        plan = self._plan
        side = plan.first_side if progress < plan.diffusion_first_share else plan.side
        batch = plan.diffusion_batch * plan.side // side
        self._draw_more(side, batch)
        latents, words = self._pool.draw(batch)
        silent = torch.rand(len(words), 1, 1, device=self._device) < UNSAID
        loss = self._loss(latents, torch.where(silent, self._silence, words))
        self.learner.learn(loss, progress)
        return loss.detach()

    def state(self) -> dict[str, Any]:
        """Return what `load` needs to go on."""
        return self.learner.state()

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.learner.load(state)

    def close(self) -> None:
        """Stop drawing."""
        if self._stream is not None:
            self._stream.close()

    def _loss(self, latents: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """Return how far the network is from the velocity of noised latents."""
        times = self._times(len(latents))
        signal = self._alphas[times].sqrt()[:, None, None, None]
        noise_share = (1 - self._alphas[times]).sqrt()[:, None, None, None]
        noise = torch.randn_like(latents)
        noisy = (signal * latents + noise_share * noise).contiguous(memory_format=torch.channels_last)
        unet: Any = self.learner.network
        with torch.autocast(self._device.type, torch.bfloat16), sdpa_kernel(self._attention):
            velocity = unet(noisy, times, words).sample
        return functional.mse_loss(velocity.float(), signal * noise - noise_share * latents)

    def _times(self, batch: int) -> torch.Tensor:
        """Return a time for every row, one from each stretch of all times: the loss varies less than with free ones."""
        rows = torch.arange(batch, device=self._device) + torch.rand(batch, device=self._device)
        return (rows * len(self._alphas) / batch).long()

    def _draw_more(self, side: int, batch: int) -> None:
        """Put fresh pictures into the pool: a few, or many where it has too few of the wanted side."""
        if side != self._side or self._stream is None:
            self.close()
            fresh, seed = max(1, batch // self._plan.reuse), (*self._seed, side)
            self._stream = Stream(DrawnCaption(side), fresh, self._plan.workers, seed)
            self._side, self._pool = side, Pool(self._plan.pool)
        enough = min(self._plan.pool, FILL * batch)
        while True:
            drawn = self._stream.next()
            pictures, texts = [picture for picture, _ in drawn], [text for _, text in drawn]
            self._pool.add(self._encoder.latents(pictures), self._encoder.words(texts))
            if len(self._pool) >= enough:
                return
