"""Trains the UNet and the text encoder together on encoded pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from torch import nn
from torch.nn import functional
from transformers import CLIPTokenizer

from demo_model.train.autoencoder import to_unit
from demo_model.train.drawn import DrawnCaption
from demo_model.train.learner import Learner
from demo_model.train.networks import make_text_encoder, make_unet
from demo_model.train.plan import Plan
from demo_model.train.pool import Pool
from demo_model.train.stream import Stream
from demo_model.world.drawer import Picture

UNSAID = 0.1  #: the share of pictures that are learned without their caption, for guidance
FILL = 8  #: batches of pictures in the pool before learning starts
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


class DiffusionStage:
    """Learns v-prediction, first on small pictures, then on whole ones."""

    name = "diffusion"

    def __init__(
        self, plan: Plan, device: torch.device, seed: tuple[int, ...], vae: Any, scale: float, tokenizer: CLIPTokenizer
    ) -> None:
        unet = make_unet(plan).to(memory_format=torch.channels_last)
        networks = nn.ModuleDict({"unet": unet, "text_encoder": make_text_encoder(plan, len(tokenizer))})
        self.learner = Learner(networks.to(device), plan.diffusion_rate)
        self._plan, self._device, self._seed = plan, device, seed
        self._encode = LatentEncoder(vae.to(device).eval(), scale, tokenizer, device)
        self._silence = self._encode.tokens([""])[0]
        self._alphas = DDIMScheduler(**SCHEDULER).alphas_cumprod.to(device)
        self._side = 0
        self._pool = Pool(plan.pool)
        self._stream: Stream[tuple[Picture, str]] | None = None

    def step(self, progress: float) -> torch.Tensor:
        """Learn from one batch and return the loss."""
        self._draw_more(self._plan.first_side if progress < self._plan.first_share else self._plan.side)
        latents, tokens = self._pool.draw(self._plan.diffusion_batch)
        silent = torch.rand(len(tokens), 1, device=self._device) < UNSAID
        loss = self._loss(latents, torch.where(silent, self._silence, tokens))
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

    def _loss(self, latents: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """Return how far the network is from the velocity of noised latents."""
        networks: Any = self.learner.network
        times = torch.randint(len(self._alphas), (len(latents),), device=self._device)
        signal = self._alphas[times].sqrt()[:, None, None, None]
        noise_share = (1 - self._alphas[times]).sqrt()[:, None, None, None]
        noise = torch.randn_like(latents)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"):
            words = networks["text_encoder"](tokens)[0]
            noisy = (signal * latents + noise_share * noise).contiguous(memory_format=torch.channels_last)
            velocity = networks["unet"](noisy, times, words).sample
        return functional.mse_loss(velocity.float(), signal * noise - noise_share * latents)

    def _draw_more(self, side: int) -> None:
        """Put fresh pictures into the pool: a few, or many where it has too few of the wanted side."""
        if side != self._side or self._stream is None:
            self.close()
            batch = max(1, self._plan.diffusion_batch // self._plan.reuse)
            seed = (*self._seed, side)
            self._stream = Stream(DrawnCaption(side), batch, self._plan.workers, seed)
            self._side, self._pool = side, Pool(self._plan.pool)
        enough = min(self._plan.pool, FILL * self._plan.diffusion_batch)
        while True:
            self._pool.add(*self._encode(self._stream.next()))
            if len(self._pool) >= enough:
                return


@dataclass(frozen=True)
class LatentEncoder:
    """Turns pictures into scaled latents and captions into tokens."""

    vae: Any
    scale: float
    tokenizer: CLIPTokenizer
    device: torch.device

    @torch.no_grad()
    def __call__(self, batch: Sequence[tuple[Picture, str]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return latents of shape [pictures, 4, side / 8, side / 8] and tokens of shape [pictures, length]."""
        pictures = torch.from_numpy(np.stack([picture for picture, _ in batch])).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            latents = self.vae.encode(to_unit(pictures)).latent_dist.mode()
        return latents.float() * self.scale, self.tokens([text for _, text in batch])

    def tokens(self, texts: list[str]) -> torch.Tensor:
        """Return the tokens of the texts, padded to the full length."""
        encoded: Any = self.tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt")
        tokens: torch.Tensor = encoded.input_ids.to(self.device)
        return tokens
