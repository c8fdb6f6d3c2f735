"""What a trained model consists of, as a StableDiffusionPipeline folder in half precision."""

import copy
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from safetensors.torch import save_file
from torch import nn

from demo_model.train.diffusion import SCHEDULER
from inference.engine.upscaler import Upscaler

UPSCALER = Path("upscaler", "upscaler.safetensors")
INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "feature_extractor": [None, None],
    "requires_safety_checker": False,
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything that a model consists of; `tokenizer` is the folder of its files."""

    tokenizer: Path
    text_encoder: Any
    vae: Any
    upscaler: nn.Module
    unet: Any

    @classmethod
    def load(cls, folder: Path, device: torch.device) -> "Parts":
        """Read the parts that `export` wrote, in full precision."""
        pipeline: Any = StableDiffusionPipeline
        made = pipeline.from_pretrained(folder, dtype=torch.float32, local_files_only=True).to(device)
        return cls(
            tokenizer=folder / "tokenizer",
            text_encoder=made.text_encoder,
            vae=made.vae,
            upscaler=Upscaler.load(folder / UPSCALER, device),
            unet=made.unet,
        )


def export(folder: Path, parts: Parts) -> None:
    """Write the folder anew; whatever stood there is replaced once the new one is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as unfinished:
        made = Path(unfinished) / "made"
        for name in ("unet", "text_encoder", "vae"):
            half = copy.deepcopy(getattr(parts, name)).half().cpu()
            half.to(memory_format=torch.contiguous_format).save_pretrained(made / name)
        (made / UPSCALER).parent.mkdir()
        save_half(parts.upscaler, made / UPSCALER)
        shutil.copytree(parts.tokenizer, made / "tokenizer")
        _load_as_float(made / "text_encoder" / "config.json")
        DDIMScheduler(**SCHEDULER).save_pretrained(made / "scheduler")
        (made / "model_index.json").write_text(json.dumps(INDEX, indent=1), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)


def save_half(network: nn.Module, path: Path) -> None:
    """Write the network's weights in half precision."""
    save_file({name: value.half().contiguous().cpu() for name, value in network.state_dict().items()}, path)


def _load_as_float(config: Path) -> None:
    """Say in the configuration that the weights, though stored in half precision, are to be loaded in full.

    transformers otherwise loads them as they are stored where no precision is asked for, diffusers does not, and the
    text encoder would not fit the UNet.
    """
    settings = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps(settings | {"dtype": "float32"}, indent=1), encoding="utf-8")
