"""Writes the trained networks as a StableDiffusionPipeline folder, in half precision."""

import copy
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from diffusers.schedulers.scheduling_ddim import DDIMScheduler

from demo_model.train.diffusion import SCHEDULER

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


def export(folder: Path, *, unet: Any, text_encoder: Any, vae: Any, tokenizer: Path) -> None:
    """Write the folder anew; whatever stood there is replaced once the new one is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as unfinished:
        made = Path(unfinished) / "made"
        for name, network in {"unet": unet, "text_encoder": text_encoder, "vae": vae}.items():
            half = copy.deepcopy(network).half().cpu()
            half.save_pretrained(made / name)
        _load_as_float(made / "text_encoder" / "config.json")
        DDIMScheduler(**SCHEDULER).save_pretrained(made / "scheduler")
        shutil.copytree(tokenizer, made / "tokenizer")
        (made / "model_index.json").write_text(json.dumps(INDEX, indent=1), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)


def _load_as_float(config: Path) -> None:
    """Say in the configuration that the weights, though stored in half precision, are to be loaded in full.

    transformers otherwise loads them as they are stored where no precision is asked for, diffusers does not, and the
    text encoder would not fit the UNet.
    """
    settings = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps(settings | {"dtype": "float32"}, indent=1), encoding="utf-8")
