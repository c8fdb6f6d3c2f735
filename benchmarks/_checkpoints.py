"""Checkpoints with random weights, in diffusers' folder format, for the engine and for diffusers' own pipelines."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from benchmarks._architectures import Architecture, Config
from config.settings import ROOT
from inference.checkpoints import Checkpoint, Family, Weights

TOKENIZER = ROOT / "demo_model" / "model" / "tokenizer"
SCHEDULER: Config = {
    "_class_name": "PNDMScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "clip_sample": False,
    "prediction_type": "epsilon",
}


def make(architecture: Architecture, folder: Path, *, device: str = "cpu", seed: int = 20) -> Checkpoint:
    """Write a checkpoint with random weights into the folder and return its entry; the device only makes the weights.

    It is in bfloat16 where the device is a GPU: float32 would take twice the disk for nothing.
    """
    torch.manual_seed(seed)
    with torch.device(device):
        for name, network in networks(architecture).items():
            (network if device == "cpu" else network.to(torch.bfloat16)).save_pretrained(folder / name)
    for name in _text_names(architecture, "tokenizer"):
        shutil.copytree(TOKENIZER, folder / name)
    _write_json(folder / "scheduler" / "scheduler_config.json", SCHEDULER | architecture.scheduler)
    _write_json(folder / "model_index.json", _index(architecture))
    return entry(architecture, folder)


def entry(architecture: Architecture, folder: Path) -> Checkpoint:
    """Return what models.toml would say of a checkpoint in the folder."""
    side = architecture.side
    return Checkpoint(
        name="random",
        title="Random weights",
        weights=Weights(source=str(folder)),
        family=architecture.family,
        native_side=side,
        min_side=side // 2,
        max_side=2 * side,
        max_pixels=4 * side * side,
        scheduler=architecture.scheduler,
        sampler=architecture.sampler,
        num_inference_steps=architecture.steps,
        guidance_scale=architecture.guidance_scale,
        licence="none",
        licence_url="LICENSE",
        image_check="closed world",
    )


def networks(architecture: Architecture) -> dict[str, Any]:
    """Return the UNet, the VAE and the text encoders by their folders' names, with random weights."""
    up = tuple(block.replace("Down", "Up") for block in reversed(architecture.blocks))
    kind: Any = UNet2DConditionModel
    unet = kind(down_block_types=architecture.blocks, up_block_types=up, **architecture.unet)
    levels = len(architecture.vae["block_out_channels"])
    kind = AutoencoderKL
    vae = kind(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        **architecture.vae,
    )
    kinds = (CLIPTextModel, CLIPTextModelWithProjection)
    texts = [kinds[number](_text_config(config)) for number, config in enumerate(architecture.texts)]
    return {"unet": unet, "vae": vae} | dict(zip(_text_names(architecture, "text_encoder"), texts, strict=True))


def _text_config(config: Config) -> CLIPTextConfig:
    tokenizer: Any = CLIPTokenizer.from_pretrained(TOKENIZER, local_files_only=True)
    ids = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("bos", "eos", "pad")}
    return CLIPTextConfig(**{"vocab_size": len(tokenizer), "max_position_embeddings": 77} | config | ids)


def _text_names(architecture: Architecture, part: str) -> list[str]:
    return [part, f"{part}_2"][: len(architecture.texts)]


def _index(architecture: Architecture) -> Config:
    index: Config = {
        "_class_name": "StableDiffusionXLPipeline" if architecture.family is Family.SDXL else "StableDiffusionPipeline",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "scheduler": ["diffusers", "PNDMScheduler"],
    }
    for name in _text_names(architecture, "tokenizer"):
        index[name] = ["transformers", "CLIPTokenizer"]
    index["text_encoder"] = ["transformers", "CLIPTextModel"]
    if architecture.family is Family.SDXL:
        index["text_encoder_2"] = ["transformers", "CLIPTextModelWithProjection"]
        return index | {"force_zeros_for_empty_prompt": True}
    return index | {"safety_checker": [None, None], "feature_extractor": [None, None]}


def _write_json(path: Path, value: Config) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1))
