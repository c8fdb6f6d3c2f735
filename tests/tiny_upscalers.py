"""Upscalers of a megabyte for every kind, with random weights, for tests of shapes and plumbing."""

import json
import shutil
from pathlib import Path
from typing import Any

import tiny
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

from inference.checkpoints import Family, Weights
from inference.request import Sampler
from inference.upscalers import UpscalerCheckpoint, UpscalerKind

POOLED = 128 + tiny.TEXT_WIDTH  # what the latent upscaler is told: a noise level, and the prompt's pooled states


def make_diffusion(folder: Path, **values: Any) -> UpscalerCheckpoint:
    """Write an upscaler in the form of stabilityai/stable-diffusion-x4-upscaler, and return its entry."""
    unet = {"in_channels": 7, "out_channels": 4, "num_class_embeds": 1000, "norm_num_groups": 4}
    _write(folder, "StableDiffusionUpscalePipeline", _unet(**unet), _vae(3), {"prediction_type": "v_prediction"})
    low_res = {"_class_name": "DDPMScheduler", "beta_schedule": "squaredcos_cap_v2", "num_train_timesteps": 1000}
    _change(folder / "low_res_scheduler" / "scheduler_config.json", low_res)
    index = {"low_res_scheduler": ["diffusers", "DDPMScheduler"], "watermarker": [None, None]}
    _change(folder / "model_index.json", index | {"max_noise_level": 350})
    defaults = {"kind": UpscalerKind.DIFFUSION, "factor": 4, "sampler": Sampler.DDIM, "native_side": 128}
    return an_upscaler(folder, **defaults | values)


def make_latent(folder: Path, **values: Any) -> UpscalerCheckpoint:
    """Write an upscaler in the form of stabilityai/sd-x2-latent-upscaler, and return its entry."""
    unet = {
        "in_channels": 8,
        "out_channels": 5,
        "block_out_channels": (32, 32, 64, 64),  # ada group normalisation takes 32 channels a group
        "down_block_types": ("KDownBlock2D", *("KCrossAttnDownBlock2D",) * 3),
        "up_block_types": (*("KCrossAttnUpBlock2D",) * 3, "KUpBlock2D"),
        "mid_block_type": None,
        "time_embedding_type": "fourier",
        "timestep_post_act": "gelu",
        "conv_in_kernel": 1,
        "conv_out_kernel": 1,
        "norm_num_groups": None,
        "time_cond_proj_dim": POOLED,
        "only_cross_attention": False,
        "attention_head_dim": 8,
        "resnet_time_scale_shift": "scale_shift",
    }
    _write(folder, "StableDiffusionLatentUpscalePipeline", _unet(**unet), _vae(4), {"prediction_type": "sample"})
    defaults = {"kind": UpscalerKind.LATENT, "factor": 2, "samplers": (Sampler.EULER,), "native_side": 256}
    return an_upscaler(folder, **defaults | values)


def an_upscaler(folder: Path, name: str = "larger", **values: Any) -> UpscalerCheckpoint:
    defaults: dict[str, Any] = {
        "title": name,
        "weights": Weights(source=str(folder)),
        "num_inference_steps": 3,
        "guidance_scale": 7.5,
        "licence": "MIT",
        "licence_url": "LICENSE",
        "image_check": "closed world",
    }
    return UpscalerCheckpoint(name=name, **defaults | values)


def _write(folder: Path, pipeline: str, unet: Any, vae: Any, scheduler: dict[str, Any]) -> None:
    tiny.make(folder, Family.SD2)
    for part, network in (("unet", unet), ("vae", vae)):
        shutil.rmtree(folder / part)
        network.save_pretrained(folder / part)
    _change(folder / "scheduler" / "scheduler_config.json", {"_class_name": "EulerDiscreteScheduler"} | scheduler)
    _change(
        folder / "model_index.json", {"_class_name": pipeline, "scheduler": ["diffusers", "EulerDiscreteScheduler"]}
    )


def _unet(**options: Any) -> Any:
    torch.manual_seed(tiny.SEED)
    usual = {
        "sample_size": 32,
        "block_out_channels": (16, 32),
        "layers_per_block": 1,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": tiny.TEXT_WIDTH,
        "attention_head_dim": 4,
        "use_linear_projection": True,
    }
    return UNet2DConditionModel(**usual | options)


def _vae(levels: int) -> Any:
    return AutoencoderKL(
        sample_size=128,
        block_out_channels=(8,) * levels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        layers_per_block=1,
        norm_num_groups=4,
        scaling_factor=0.5,
        mid_block_add_attention=False,
    )


def _change(path: Path, values: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    old = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps(old | values))
