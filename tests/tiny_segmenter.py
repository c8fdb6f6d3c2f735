"""A segmenter of a megabyte with random weights, in the form of CIDAS/clipseg-rd64-refined."""

from pathlib import Path
from typing import Any

import tiny
import torch
from transformers import CLIPSegConfig, CLIPSegForImageSegmentation, ViTImageProcessor

from inference.checkpoints import Weights
from inference.viewers import Viewer

SIDE = 64  # of the squares that it sees


def make(folder: Path) -> Viewer:
    """Write the segmenter into the folder, and return its entry."""
    torch.manual_seed(3)
    size: dict[str, Any] = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2}
    config = CLIPSegConfig(
        text_config=tiny.text_config(tiny.write_tokenizer(folder)).to_dict(),
        vision_config=size | {"num_attention_heads": 2, "image_size": 32, "patch_size": 16},
        projection_dim=16,
        reduce_dim=8,
        extract_layers=(0, 1),
        decoder_num_attention_heads=2,
        decoder_intermediate_size=16,
    )
    CLIPSegForImageSegmentation(config).save_pretrained(folder)
    ViTImageProcessor(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return entry(folder)


def entry(folder: Path) -> Viewer:
    weights = Weights(source=str(folder))
    return Viewer(name="tiny", title="Tiny", weights=weights, licence="MIT", licence_url="LICENSE")
