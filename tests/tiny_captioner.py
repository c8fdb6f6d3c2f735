"""A captioner of a megabyte with random weights, in the form of Salesforce/blip-image-captioning-large."""

from pathlib import Path
from typing import Any

import torch
from transformers import (
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessor,
    BlipProcessor,
)

from inference.checkpoints import Weights
from inference.viewers import Viewer

WORDS = ("a", "red", "blue", "green", "circle", "square", "star", "on", "the", "of", "with", "and", "large", "small")
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", *WORDS]


def make(folder: Path) -> Viewer:
    """Write the captioner into the folder, and return its entry."""
    torch.manual_seed(3)
    size: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = size | {"vocab_size": len(VOCABULARY), "intermediate_size": 32, "encoder_hidden_size": 32}
    ids = {"bos_token_id": 5, "eos_token_id": 3, "sep_token_id": 3, "pad_token_id": 0}
    vision = size | {"image_size": 32, "patch_size": 16, "intermediate_size": 32}
    config = BlipConfig(text_config=text | ids, vision_config=vision, projection_dim=16)
    BlipForConditionalGeneration(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY))
    tokenizer = BertTokenizer(str(folder / "vocab.txt"), additional_special_tokens=["[DEC]"])
    BlipProcessor(BlipImageProcessor(size={"height": 32, "width": 32}), tokenizer).save_pretrained(folder)
    return entry(folder)


def entry(folder: Path) -> Viewer:
    weights = Weights(source=str(folder))
    return Viewer(name="tiny", title="Tiny", weights=weights, licence="MIT", licence_url="LICENSE")
