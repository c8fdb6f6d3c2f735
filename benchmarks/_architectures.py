"""Networks of the real sizes, and one of the smallest, as their published configurations say; nothing is downloaded.

How fast a network is does not depend on its weights, nor does whether rows keep apart: random ones do.
"""

from dataclasses import dataclass, field
from typing import Any

from inference.checkpoints import Family
from inference.request import Sampler

Config = dict[str, Any]

CROSS, PLAIN = "CrossAttnDownBlock2D", "DownBlock2D"

CLIP_L: Config = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "projection_dim": 768,
    "vocab_size": 49408,
}
CLIP_H: Config = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 23,
    "num_attention_heads": 16,
    "projection_dim": 512,
    "hidden_act": "gelu",
    "vocab_size": 49408,
}
CLIP_BIG_G: Config = {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "projection_dim": 1280,
    "hidden_act": "gelu",
    "vocab_size": 49408,
}
VAE: Config = {
    "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2,
    "norm_num_groups": 32,
    "sample_size": 512,
    "scaling_factor": 0.18215,
}
SMALL_TEXT: Config = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "projection_dim": 32,
}
SMALL_UNET: Config = {
    "sample_size": 8,
    "block_out_channels": (32, 32),
    "layers_per_block": 1,
    "attention_head_dim": 4,
    "norm_num_groups": 4,
    "cross_attention_dim": 32,
    "mid_block_type": None,
}
SMALL_VAE: Config = {
    "block_out_channels": (8, 8, 8, 8),
    "layers_per_block": 1,
    "norm_num_groups": 2,
    "sample_size": 64,
    "mid_block_add_attention": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """The sizes of a checkpoint's networks. `side` is its native one, in pixels."""

    family: Family
    side: int
    blocks: tuple[str, ...]  #: the UNet's way down; its way up mirrors it
    unet: Config
    vae: Config
    texts: tuple[Config, ...]
    scheduler: Config = field(default_factory=dict)
    sampler: Sampler = Sampler.DDIM
    steps: int = 30
    guidance_scale: float = 7.5


SMALL = Architecture(
    family=Family.SD1, side=64, blocks=(CROSS, PLAIN), unet=SMALL_UNET, vae=SMALL_VAE, texts=(SMALL_TEXT,), steps=4
)
SD15 = Architecture(
    family=Family.SD1,
    side=512,
    blocks=(CROSS, CROSS, CROSS, PLAIN),
    unet={"sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8},
    vae=VAE,
    texts=(CLIP_L,),
)
SD_TURBO = Architecture(
    family=Family.SD2,
    side=512,
    blocks=(CROSS, CROSS, CROSS, PLAIN),
    unet={
        "sample_size": 64,
        "cross_attention_dim": 1024,
        "attention_head_dim": (5, 10, 20, 20),
        "use_linear_projection": True,
    },
    vae=VAE | {"sample_size": 768},
    texts=(CLIP_H,),
    scheduler={"timestep_spacing": "trailing"},
    sampler=Sampler.EULER,
    steps=1,
    guidance_scale=1.0,
)
SDXL = Architecture(
    family=Family.SDXL,
    side=1024,
    blocks=(PLAIN, CROSS, CROSS),
    unet={
        "sample_size": 128,
        "block_out_channels": (320, 640, 1280),
        "transformer_layers_per_block": (1, 2, 10),
        "attention_head_dim": (5, 10, 20),
        "cross_attention_dim": 2048,
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
    vae=VAE | {"sample_size": 1024, "scaling_factor": 0.13025, "force_upcast": True},
    texts=(CLIP_L, CLIP_BIG_G),
)
FULL = {"sd15": SD15, "sdxl": SDXL, "sd-turbo": SD_TURBO}
ARCHITECTURES = {"small": SMALL} | FULL
