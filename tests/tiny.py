"""Checkpoints of a megabyte for every family, made in seconds, for tests of shapes and plumbing.

The weights are random but for a trunk set by hand (trunk.py), so that pictures are soft blobs of colour that differ by
prompt and seed.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import diffusers
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    CLIPConfig,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessor,
)
from trunk import CHANNELS, set_unet_trunk, set_vae_trunk

from benchmarks._checkpoints import SCHEDULER
from inference.checkpoints import Family, ImageCheck, Weights

SEED = 20
TOKENS = 77
TEXT_WIDTH = 32
START, END = "<|startoftext|>", "<|endoftext|>"
WORDS = """
a an and the of on in with at by red green blue yellow orange purple pink black white brown grey gold silver
circle square triangle star heart house tree sun moon fish cat dog bird sky night day sea meadow forest city
small large big bright dark soft photo painting picture light water fire robot castle mountain
"""
PIPELINES = {
    Family.SD1: "StableDiffusionPipeline",
    Family.SD2: "StableDiffusionPipeline",
    Family.SDXL: "StableDiffusionXLPipeline",
}

Options = Mapping[str, Any]
NOTHING: Options = MappingProxyType({})


def make(folder: Path, family: Family = Family.SD1, seed: int = SEED, **other: Options) -> None:
    """Write a checkpoint of the family in diffusers' folder format; a folder that is there already stays.

    `other` are options of its `unet` and its `scheduler` that are not as usual.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as unfinished, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        _write(Path(unfinished) / "made", family, **other)
        try:
            (Path(unfinished) / "made").rename(folder)
        except OSError:
            if not folder.is_dir():  # where it is one, another process was quicker
                raise


def make_check(folder: Path, threshold: float, *, label: str = "nsfw") -> ImageCheck:
    """Write a tiny random picture check; its margins are far above zero with a threshold of -2, far below with 2."""
    size = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = CLIPConfig(text_config=size, vision_config=size | {"patch_size": 32}, projection_dim=8)
    checker = StableDiffusionSafetyChecker(config)
    for name in ("concept_embeds", "special_care_embeds"):
        torch.nn.init.normal_(getattr(checker, name))
        getattr(checker, f"{name}_weights").data.fill_(threshold)
    checker.save_pretrained(folder / "safety_checker")
    names = {"id2label": {0: "normal", 1: "nsfw"}, "label2id": {"normal": 0, "nsfw": 1}}
    ViTForImageClassification(ViTConfig(**size, image_size=32, patch_size=16, **names)).save_pretrained(
        folder / "second"
    )
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder / "second")
    checker, second = (Weights(source=str(folder), subfolder=name) for name in ("safety_checker", "second"))
    return ImageCheck(checker=checker, classifier=second, label=label)


def _write(folder: Path, family: Family, *, unet: Options = NOTHING, scheduler: Options = NOTHING) -> None:
    index: dict[str, Any] = {
        "_class_name": PIPELINES[family],
        "_diffusers_version": diffusers.__version__,
        "scheduler": ["diffusers", "PNDMScheduler"],
    }
    encoders: dict[str, Any] = {"text_encoder": CLIPTextModel}
    if family is Family.SDXL:
        encoders["text_encoder_2"] = CLIPTextModelWithProjection
        index["force_zeros_for_empty_prompt"] = True
    else:
        index |= {"safety_checker": [None, None], "feature_extractor": [None, None], "requires_safety_checker": False}
    for name, kind in encoders.items():
        tokenizer = name.replace("text_encoder", "tokenizer")
        vocabulary = write_tokenizer(folder / tokenizer)
        kind(text_config(vocabulary)).eval().save_pretrained(folder / name)
        index |= {tokenizer: ["transformers", "CLIPTokenizer"], name: ["transformers", kind.__name__]}
    _make_unet(family, unet).save_pretrained(folder / "unet")
    _make_vae().save_pretrained(folder / "vae")
    index |= {"unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}
    prediction = "v_prediction" if family is Family.SD2 else "epsilon"
    config = SCHEDULER | {"prediction_type": prediction} | dict(scheduler)
    _write_json(folder / "scheduler" / "scheduler_config.json", config)
    _write_json(folder / "model_index.json", index)


def write_tokenizer(folder: Path) -> int:
    """Write a byte-level vocabulary with a few whole words, and return its size."""
    letters = sorted(ByteLevel.alphabet())
    merges = list(dict.fromkeys(merge for word in WORDS.split() for merge in _merges(word)))
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), *("".join(merge) for merge in merges)]
    tokens = [*dict.fromkeys(tokens), START, END]
    _write_json(folder / "vocab.json", {token: index for index, token in enumerate(tokens)})
    lines = ["#version: 0.2", *(" ".join(merge) for merge in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END}
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": TOKENS, "do_lower_case": True}
    _write_json(folder / "tokenizer_config.json", config | special)
    return len(tokens)


def _merges(word: str) -> list[tuple[str, str]]:
    """Return the merges that join a word's letters from the left."""
    letters = [*word[:-1], f"{word[-1]}</w>"]
    return [("".join(letters[:index]), letters[index]) for index in range(1, len(letters))]


def text_config(vocabulary: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=vocabulary,
        hidden_size=TEXT_WIDTH,
        intermediate_size=2 * TEXT_WIDTH,
        projection_dim=TEXT_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=TOKENS,
        bos_token_id=vocabulary - 2,
        eos_token_id=vocabulary - 1,
        pad_token_id=vocabulary - 1,
    )


def _make_unet(family: Family, other: Options) -> Any:
    kinds = ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"]
    options: dict[str, Any] = {"cross_attention_dim": TEXT_WIDTH}
    if family is not Family.SD1:
        options["use_linear_projection"] = True
    if family is Family.SDXL:
        options |= {
            "cross_attention_dim": 2 * TEXT_WIDTH,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": 6 * 8 + TEXT_WIDTH,
        }
    unet = UNet2DConditionModel(
        sample_size=32,
        block_out_channels=(CHANNELS,) * len(kinds),
        layers_per_block=1,
        down_block_types=tuple(kinds),
        up_block_types=tuple(kind.replace("Down", "Up") for kind in reversed(kinds)),
        attention_head_dim=4,
        norm_num_groups=1,
        **options | dict(other),
    )
    set_unet_trunk(unet)
    return unet


def _make_vae() -> Any:
    vae = AutoencoderKL(
        sample_size=256,
        block_out_channels=(CHANNELS,) * 4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        norm_num_groups=1,
        scaling_factor=1.0,
        mid_block_add_attention=False,
    )
    set_vae_trunk(vae)
    return vae


def _write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False), encoding="utf-8")
