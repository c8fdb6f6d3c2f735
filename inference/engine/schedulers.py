"""The samplers people know as diffusers schedulers."""

import inspect
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any

import torch
from diffusers.schedulers import (
    DDIMScheduler,
    DDPMScheduler,
    DEISMultistepScheduler,
    DPMSolverMultistepScheduler,
    DPMSolverSinglestepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    KDPM2AncestralDiscreteScheduler,
    KDPM2DiscreteScheduler,
    LCMScheduler,
    PNDMScheduler,
    TCDScheduler,
    UniPCMultistepScheduler,
)

from inference.request import Sampler

REMEMBERED = 64  # schedulers: most people ask for the same number of steps, and some kinds take half a second to make

Scheduler = Any  # diffusers gives its schedulers no common type that says what they share

PLAIN_DPM = {"algorithm_type": "dpmsolver++", "solver_type": "midpoint"}
SDE_DPM = {"algorithm_type": "sde-dpmsolver++", "solver_type": "midpoint"}

SCHEDULERS: dict[Sampler, tuple[Any, dict[str, Any]]] = {
    Sampler.DDIM: (DDIMScheduler, {}),
    Sampler.DDPM: (DDPMScheduler, {}),
    Sampler.PNDM: (PNDMScheduler, {}),
    Sampler.EULER: (EulerDiscreteScheduler, {}),
    Sampler.EULER_A: (EulerAncestralDiscreteScheduler, {}),
    Sampler.HEUN: (HeunDiscreteScheduler, {}),
    Sampler.DPM2: (KDPM2DiscreteScheduler, {}),
    Sampler.DPM2_A: (KDPM2AncestralDiscreteScheduler, {}),
    Sampler.DPMPP_2M: (DPMSolverMultistepScheduler, PLAIN_DPM),
    Sampler.DPMPP_2M_KARRAS: (DPMSolverMultistepScheduler, PLAIN_DPM | {"use_karras_sigmas": True}),
    Sampler.DPMPP_SDE: (DPMSolverSinglestepScheduler, SDE_DPM),
    Sampler.DPMPP_2M_SDE: (DPMSolverMultistepScheduler, SDE_DPM),
    Sampler.DEIS: (DEISMultistepScheduler, {"algorithm_type": "deis", "solver_type": "logrho"}),
    Sampler.UNIPC: (UniPCMultistepScheduler, {"solver_type": "bh2"}),
    Sampler.LCM: (LCMScheduler, {}),
    Sampler.TCD: (TCDScheduler, {}),
}


def make_scheduler(sampler: Sampler, *configs: Mapping[str, Any]) -> Scheduler:
    """Return a new scheduler; later `configs` win over earlier ones, what makes the sampler over all."""
    kind, overrides = SCHEDULERS[sampler]
    merged: dict[str, Any] = {"use_karras_sigmas": False}
    for config in (*configs, overrides):
        merged |= {name: value for name, value in config.items() if not name.startswith("_")}
    known = inspect.signature(kind.__init__).parameters
    return kind.from_config({name: value for name, value in merged.items() if name in known})


def set_timesteps(scheduler: Scheduler, num_inference_steps: int) -> None:
    """Set the timesteps; LCM chooses its own among those that it was distilled on, or as many as are asked for."""
    if SCHEDULERS[Sampler.LCM][0] is type(scheduler):
        of = max(num_inference_steps, scheduler.config.original_inference_steps)
        scheduler.set_timesteps(num_inference_steps, original_inference_steps=of)
    else:
        scheduler.set_timesteps(num_inference_steps)


class Schedulers:
    """A checkpoint's schedulers with their timesteps set, those made last remembered; later `configs` win.

    Timesteps stay on the CPU, where schedulers look at them: on a GPU every look would wait for it.
    """

    def __init__(self, *configs: Mapping[str, Any]) -> None:
        self._configs = configs
        self._made = lru_cache(REMEMBERED)(self._make)

    def take(self, sampler: Sampler, num_inference_steps: int) -> Scheduler:
        """Return a scheduler of one's own that has taken no step."""
        return deepcopy(self._made(sampler, num_inference_steps))

    def _make(self, sampler: Sampler, num_inference_steps: int) -> Scheduler:
        scheduler = make_scheduler(sampler, *self._configs)
        set_timesteps(scheduler, num_inference_steps)
        return scheduler


def step_arguments(scheduler: Scheduler, generator: torch.Generator) -> dict[str, Any]:
    """Return what `scheduler.step` takes beside the prediction."""
    takes_generator = "generator" in inspect.signature(scheduler.step).parameters
    return {"generator": generator} if takes_generator else {}
