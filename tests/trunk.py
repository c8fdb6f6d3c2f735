"""Weights set by hand for the tiny checkpoints: a trunk on which random branches hang.

A trunk channel carries a signal from the input to the output, beside its negative: silu(s) - silu(-s) = s,
so the pair comes through an activation unharmed, and their sum of zero keeps the mean that group
normalisation takes off at zero. Two loud constants keep the deviation that it divides by constant.
The VAE's trunk averages colours over 8x8 pixels and spreads them again. The UNet's takes for noise what a
blurred copy of its input (`LOW`) lacks; the transformer blocks write the prompt's tint into that copy.
"""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

CHANNELS = 24
LATENTS = 4
FINE, LOW = 0, 8  # the first channel of four signals; their negatives are the next four
LOUD = 16  # a constant and its negative
LOUDNESS = 50.0
NORM_SCALE = LOUDNESS * math.sqrt(2 / CHANNELS)  # what undoes a group normalisation over all channels
DENOISING = 1.8  # by how much more than its noise the UNet takes from a latent; more gives smoother blobs
TINT = 0.02
TIME = 0.002
ATTENTION = 4.0

POINT = torch.zeros(3, 3)
POINT[1, 1] = 1
BLUR = torch.tensor([1.0, 2, 1]).outer(torch.tensor([1.0, 2, 1])) / 16
# Of a 3x3 kernel that moves by two, the four pixels that never lie outside: the VAE pads after, the UNet on both sides.
VAE_MEAN = torch.zeros(3, 3)
VAE_MEAN[:2, :2] = 1 / 4
UNET_MEAN = torch.zeros(3, 3)
UNET_MEAN[1:, 1:] = 1 / 4


@torch.no_grad()
def set_vae_trunk(vae: Any) -> None:
    """Let the VAE's latents be the mean colours of 8x8 pixels, and its pictures these colours, spread smoothly."""
    for half, colours in ((vae.encoder, 3), (vae.decoder, LATENTS)):
        _fan_in(half.conv_in, [FINE], colours)
        _silence(half, 0.0)
    for block in vae.encoder.down_blocks[:-1]:
        _pass_on(block.downsamplers[0].conv, VAE_MEAN, VAE_MEAN)
    for block in vae.decoder.up_blocks[:-1]:
        _pass_on(block.upsamplers[0].conv, BLUR, POINT)
    _fan_out(vae.encoder, {FINE: 1.0}, 3)
    _fan_out(vae.decoder, {FINE: 1.0}, 3)
    vae.encoder.conv_out.bias[LATENTS:] = -30  # the logarithm of the variance: none
    for conv in (vae.quant_conv, vae.post_quant_conv):
        conv.weight.copy_(torch.eye(len(conv.weight))[..., None, None])
        conv.bias.zero_()


@torch.no_grad()
def set_unet_trunk(unet: Any) -> None:
    """Let the UNet predict as noise what its input has and a blurred, tinted copy has not.

    What an inpainting UNet sees beside the latents tints the copy too.
    """
    beside = unet.conv_in.weight[LOW : LOW + LATENTS, LATENTS:].clone()
    _fan_in(unet.conv_in, [FINE, LOW], LATENTS)
    unet.conv_in.weight[LOW : LOW + LATENTS, LATENTS:] = beside
    unet.conv_in.weight[LOW + LATENTS : LOUD, LATENTS:] = -beside
    _silence(unet, TIME)
    _hang_prompt(unet)
    for block in unet.down_blocks[:-1]:
        _pass_on(block.downsamplers[0].conv, UNET_MEAN, UNET_MEAN)
    for block in unet.up_blocks[:-1]:
        _pass_on(block.upsamplers[0].conv, BLUR, POINT)
    for block in unet.up_blocks:
        for resnet in block.resnets:
            _shortcut(resnet.conv_shortcut, fine_from_skip=False)
    _shortcut(unet.up_blocks[-1].resnets[-1].conv_shortcut, fine_from_skip=True)
    _fan_out(unet, {FINE: DENOISING, LOW: -DENOISING}, LATENTS)


def _fan_in(conv: nn.Conv2d, signals: list[int], count: int) -> None:
    """Start every signal, its negative, and the loud constants."""
    _clear(conv)
    for first in signals:
        for index in range(count):
            conv.weight[first + index, index] = POINT
            conv.weight[first + LATENTS + index, index] = -POINT
    _bias(conv)[LOUD : LOUD + 2] = torch.tensor([LOUDNESS, -LOUDNESS])


def _fan_out(half: Any, gains: dict[int, float], count: int) -> None:
    """End in the sum of the signals, each with its gain."""
    half.conv_norm_out.weight.fill_(NORM_SCALE)
    _clear(half.conv_out)
    for first, gain in gains.items():
        for index in range(count):
            half.conv_out.weight[index, first + index] = gain * POINT
            half.conv_out.weight[index, first + LATENTS + index] = -gain * POINT


def _pass_on(conv: nn.Conv2d, signal: torch.Tensor, loud: torch.Tensor) -> None:
    """Pass every trunk channel on, through one kernel or the other."""
    _clear(conv)
    for channel in range(LOUD + 2):
        conv.weight[channel, channel] = signal if channel < LOUD else loud


def _shortcut(conv: nn.Conv2d, *, fine_from_skip: bool) -> None:
    """Take the trunk from below, and the fine signal from the skip connection where it still is fine."""
    _clear(conv)
    for channel in range(LOUD + 2):
        skipped = fine_from_skip and channel < LOW
        conv.weight[channel, channel + CHANNELS * skipped] = 1


def _silence(model: nn.Module, gain: float) -> None:
    """Let the residual blocks add little or nothing to the trunk."""
    for module in _of_kind(model, "ResnetBlock2D"):
        _write_low(module.conv2, gain)


def _hang_prompt(unet: nn.Module) -> None:
    """Let the transformer blocks see the trunk, attend sharply, and tint the low signal."""
    for module in _of_kind(unet, "Transformer2DModel"):
        module.proj_in.weight.mul_(NORM_SCALE)
        module.proj_in.weight[:, LOUD : LOUD + 2] = 0
        _write_low(module.proj_out, TINT)
    for module in _of_kind(unet, "Attention"):
        module.to_q.weight.mul_(ATTENTION)
        module.to_k.weight.mul_(ATTENTION)


def _write_low(layer: Any, gain: float) -> None:
    """Let a random layer write to the low signal and its negative only."""
    for values in (layer.weight, layer.bias):
        tint = values[LOW : LOW + LATENTS] * gain
        values.zero_()
        values[LOW : LOW + LATENTS] = tint
        values[LOW + LATENTS : LOUD] = -tint


def _of_kind(model: nn.Module, name: str) -> Iterator[Any]:
    return (module for module in model.modules() if type(module).__name__ == name)


def _clear(conv: nn.Conv2d) -> None:
    conv.weight.zero_()
    _bias(conv).zero_()


def _bias(conv: nn.Conv2d) -> torch.Tensor:
    assert conv.bias is not None
    return conv.bias
