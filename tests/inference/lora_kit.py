"""Real LoRAs, small and random."""

from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict

from inference.checkpoints import Family

PIPELINES = {Family.SD1: StableDiffusionPipeline, Family.SDXL: StableDiffusionXLPipeline}
TARGETS = {"unet": ["to_q", "to_v", "conv1", "proj_out"], "text_encoder": ["q_proj", "v_proj"]}


def make_lora(folder: Path, checkpoint: Path, family: Family, name: str, seed: int) -> None:
    """Write a LoRA with random weights for the UNet and every text encoder."""
    torch.manual_seed(seed)
    pipeline: Any = PIPELINES[family].from_pretrained(checkpoint)
    layers = {}
    for part in ("unet", "text_encoder", "text_encoder_2")[: 3 if family is Family.SDXL else 2]:
        network = getattr(pipeline, part)
        targets = TARGETS[part.removesuffix("_2")]
        network.add_adapter(LoraConfig(r=2, lora_alpha=4, target_modules=targets, init_lora_weights=False))
        layers[f"{part}_lora_layers"] = get_peft_model_state_dict(network)
    pipeline.save_lora_weights(folder, weight_name=f"{name}.safetensors", **layers)
