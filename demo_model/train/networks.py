"""The three networks of the demo model, with random weights."""

from typing import Any

from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from demo_model.train.plan import Plan
from demo_model.train.tokens import LENGTH

HEADS = 4
VAE_GROUPS = 4  #: few: normalising a group takes away what its channels have in common


def make_vae(plan: Plan) -> Any:
    """Return an autoencoder with four latent channels, eight times smaller than the picture."""
    levels = len(plan.vae_channels)
    return AutoencoderKL(
        sample_size=plan.side,
        block_out_channels=plan.vae_channels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        layers_per_block=1,
        norm_num_groups=VAE_GROUPS,
        mid_block_add_attention=False,
        force_upcast=False,
    )


def make_unet(plan: Plan) -> Any:
    """Return a UNet that looks at the words on every level but its finest."""
    below = len(plan.unet_channels) - 1
    return UNet2DConditionModel(
        sample_size=plan.side // 8,
        block_out_channels=plan.unet_channels,
        down_block_types=("DownBlock2D", *("CrossAttnDownBlock2D",) * below),
        up_block_types=(*("CrossAttnUpBlock2D",) * below, "UpBlock2D"),
        layers_per_block=1,
        norm_num_groups=16,
        cross_attention_dim=plan.text_width,
        attention_head_dim=HEADS,  # the library's name for the number of heads
    )


def make_text_encoder(plan: Plan, vocabulary: int) -> Any:
    """Return a text encoder for a vocabulary whose last two tokens are start and end."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary,
            hidden_size=plan.text_width,
            intermediate_size=4 * plan.text_width,
            projection_dim=plan.text_width,
            num_hidden_layers=plan.text_layers,
            num_attention_heads=4,
            max_position_embeddings=LENGTH,
            bos_token_id=vocabulary - 2,
            eos_token_id=vocabulary - 1,
            pad_token_id=vocabulary - 1,
        )
    )
