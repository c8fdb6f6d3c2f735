"""Lets an untrained autoencoder pass colours on, so that training only has to add what is finer.

From random weights colours come late: every layer mixes and normalises them. Here a few channels carry them from end
to end. Each colour travels with its negative, since silu(x) - silu(-x) = x and since their mean is nought, whatever a
layer normalises; a pair of large constants keeps a layer's variance from depending on the picture's contrast.
"""

from typing import Any

import torch
from torch import nn

COLOURS = 3
CARRIED = 2 * COLOURS + 2
CONSTANT = 2.0
QUIET = 0.1  #: what the other channels say at first, beside the carried ones

CENTRE = torch.tensor([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]])
MEAN = torch.tensor([[1.0, 1, 0], [1, 1, 0], [0, 0, 0]]) / 4  #: of the four points that become one
SMOOTH = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16


@torch.no_grad()
def open_passage(vae: Any) -> None:
    """Set the weights of an AutoencoderKL so that colours pass through it, blurred to the size of its latents."""
    for module in vae.modules():
        if hasattr(module, "conv_shortcut") and hasattr(module, "conv2"):
            nn.init.zeros_(module.conv2.weight)
            nn.init.zeros_(module.conv2.bias)
            if module.conv_shortcut is not None:
                _carry(module.conv_shortcut, torch.ones(1, 1))
    for block in vae.encoder.down_blocks:
        for sampler in block.downsamplers or ():
            _carry(sampler.conv, MEAN)
    for block in vae.decoder.up_blocks:
        for sampler in block.upsamplers or ():
            _carry(sampler.conv, SMOOTH)
    for entry in (vae.encoder.conv_in, vae.decoder.conv_in):
        _enter(entry)
    for way_out in (vae.encoder.conv_out, vae.decoder.conv_out):
        _leave(way_out)
    for between in (vae.quant_conv, vae.post_quant_conv):
        nn.init.dirac_(between.weight)
        nn.init.zeros_(between.bias)


def _carry(conv: nn.Conv2d, kernel: torch.Tensor) -> None:
    """Let the carried channels go through by themselves."""
    conv.weight[:CARRIED] = 0
    conv.weight[range(CARRIED), range(CARRIED)] = kernel
    _unbiased(conv)[:CARRIED] = 0


def _enter(conv: nn.Conv2d) -> None:
    """Give every colour a channel and its negative another, and add the constants."""
    conv.weight[:CARRIED] = 0
    for colour in range(COLOURS):
        conv.weight[colour, colour] = CENTRE
        conv.weight[COLOURS + colour, colour] = -CENTRE
    bias = _unbiased(conv)
    bias[:CARRIED] = 0
    bias[CARRIED - 2], bias[CARRIED - 1] = CONSTANT, -CONSTANT


def _leave(conv: nn.Conv2d) -> None:
    """Join every colour with its negative."""
    conv.weight *= QUIET
    for colour in range(COLOURS):
        conv.weight[colour] *= QUIET
        conv.weight[colour, colour] = CENTRE
        conv.weight[colour, COLOURS + colour] = -CENTRE


def _unbiased(conv: nn.Conv2d) -> torch.Tensor:
    if conv.bias is None:
        raise ValueError("every convolution of an AutoencoderKL has a bias")
    return conv.bias
