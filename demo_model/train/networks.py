"""The three networks of the demo model, with random weights."""

from typing import Any

from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel

from demo_model.train.passage import open_passage
from demo_model.train.plan import Plan
from demo_model.train.tokens import LENGTH

HEADS, SUMMARY_HEADS = 4, 8
COARSE = 2  #: levels that attend to the words: on finer ones attention costs much and adds little
UNET_GROUPS = 8
UNET_ENDS = ("conv_in", "conv_out")
LATENTS = 4
VAE_GROUPS = 1  #: normalising a group takes away what its channels have in common: colour, where there are many groups


def make_vae(plan: Plan) -> Any:
    """Return an autoencoder whose latents are half as wide and high for every level after the first."""
    levels = len(plan.vae_channels)
    vae = AutoencoderKL(
        sample_size=plan.side,
        latent_channels=LATENTS,
        scaling_factor=1.0,  # the latents have unit variance by themselves: see standardise()
        block_out_channels=plan.vae_channels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        layers_per_block=1,
        norm_num_groups=VAE_GROUPS,
        mid_block_add_attention=False,
        force_upcast=False,
    )
    open_passage(vae)
    return vae


def make_unet(plan: Plan) -> Any:
    """Return a UNet that looks at the words where its maps are coarse, and at a summary of them in every layer."""
    levels = len(plan.unet_channels)
    fine = levels - COARSE
    return UNet2DConditionModel(
        sample_size=plan.side // plan.shrunk,
        in_channels=LATENTS,
        out_channels=LATENTS,
        block_out_channels=plan.unet_channels,
        down_block_types=(*("DownBlock2D",) * fine, *("CrossAttnDownBlock2D",) * COARSE),
        up_block_types=(*("CrossAttnUpBlock2D",) * COARSE, *("UpBlock2D",) * fine),
        layers_per_block=1,
        norm_num_groups=UNET_GROUPS,
        resnet_time_scale_shift="scale_shift",
        cross_attention_dim=plan.text_width,
        addition_embed_type="text",
        addition_embed_type_num_heads=SUMMARY_HEADS,
        attention_head_dim=HEADS,  # the library's name for the number of heads
    )


def inner_weights(network: nn.Module, ends: tuple[str, ...]) -> list[nn.Parameter]:
    """Return the matrices and convolutions between the first layer and the last, whose names start as `ends` say."""
    return [weight for name, weight in network.named_parameters() if weight.dim() > 1 and not name.startswith(ends)]


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
