"""Trains the UNet on encoded pictures and captions that the text encoder has read."""

from dataclasses import replace
from typing import Any

import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from torch.nn.attention import SDPBackend, sdpa_kernel

from demo_model.detect.loss import Targets
from demo_model.detect.loss import loss as misread
from demo_model.train.encoder import Encoder
from demo_model.train.learner import Learner
from demo_model.train.plan import Plan
from demo_model.train.proofreader import Proofreader
from demo_model.train.stage import LearningStage
from demo_model.train.supply import Batch, Supply

UNSAID = 0.1  #: the share of pictures that are learned without their caption, for guidance
UNIFORM = 0.25  #: the share of uniform times
MIDDLE, SPREAD = -0.8, 1.2  #: of the logits of times: half of all lie between 1/6 and 1/2
PROOFREAD = 0.02  #: what being misread weighs beside the squared error
LEGIBLE = 0.1  #: the least share of a picture in its noised latents at which things can be made out
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


class DiffusionStage(LearningStage):
    """Learns v-prediction, on small pictures first, and on whole ones to draw what the proofreader reads rightly."""

    name = "diffusion"

    def __init__(
        self,
        plan: Plan,
        device: torch.device,
        seed: tuple[int, ...],
        encoder: Encoder,
        proofreader: Proofreader,
        unet: Any,
    ) -> None:
        self.learner = Learner(unet.to(device, memory_format=torch.channels_last), plan.diffusion_rate)
        self._predict: Any = torch.compile(self.learner.network, dynamic=False, disable=not plan.compiled)
        self._plan, self._device, self._encoder = plan, device, encoder
        self._proofreader = proofreader.to(device).eval().requires_grad_(requires_grad=False)
        self._silence = encoder.words([""])
        self._alphas = DDIMScheduler(**SCHEDULER).alphas_cumprod.to(device)
        # On a CPU the plain way is the quicker one: the fused backward pass took a quarter of a step's time.
        fused = (SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION)
        self._attention = [SDPBackend.MATH] if device.type == "cpu" else [*fused, SDPBackend.MATH]
        self._seed, self._side = seed, plan.first_side
        self._stream = self._open()

    def step(self, progress: float) -> torch.Tensor:
        """Learn from one batch and return the loss."""
        small = progress < self._plan.diffusion_first_share
        self._change_side(self._plan.first_side if small else self._plan.side)
        batch = self._stream.next()
        told = torch.rand(len(batch.words), device=self._device) > UNSAID
        words = torch.where(told[:, None, None], batch.words, self._silence)
        loss = self._loss(replace(batch, words=words), told)
        self.learner.learn(loss, progress)
        return loss.detach()

    def _loss(self, batch: Batch, told: torch.Tensor) -> torch.Tensor:
        """Return how far the network is from the velocity of noised latents, and from what it was told to draw."""
        times = self._times(len(batch.latents))
        signal = self._alphas[times].sqrt()[:, None, None, None]
        noise_share = (1 - self._alphas[times]).sqrt()[:, None, None, None]
        noise = torch.randn_like(batch.latents)
        noisy = (signal * batch.latents + noise_share * noise).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self._device.type, torch.bfloat16), sdpa_kernel(self._attention):
            velocity = self._predict(noisy, times, batch.words).sample.float()
        errors = (velocity - (signal * noise - noise_share * batch.latents)).square().mean(1)
        drawn: torch.Tensor = (batch.weights * errors).sum() / batch.weights.sum()
        if self._side != self._plan.side:
            return drawn
        # Of what it was not told, and what is lost in noise, it rightly expects no thing, but a mean of many.
        expected, rows = signal * noisy - noise_share * velocity, told & (self._alphas[times] > LEGIBLE)
        return drawn + PROOFREAD * self._misread(expected[rows], {name: of[rows] for name, of in batch.targets.items()})

    def _misread(self, expected: torch.Tensor, targets: Targets) -> torch.Tensor:
        """Return how wrongly the proofreader reads the latents that the network expects."""
        if not len(expected):
            return expected.new_zeros(())
        with torch.autocast(self._device.type, torch.bfloat16):
            reading = self._proofreader(expected)
        return misread(reading, targets)

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

    def _open(self) -> Supply:
        return Supply(self._plan, self._side, self._batch, self._plan.reuse, self._encoder, self._seed)

    def _change_side(self, side: int) -> None:
        """Draw pictures of another side from now on, where it is another, and forget the others."""
        if side != self._side:
            self.close()
            self._side = side
            self._stream = self._open()
