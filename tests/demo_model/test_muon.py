"""Muon: orthogonal steps for matrices of any shape, as large as Adam's."""

import copy

import pytest
import torch
from torch import nn

from demo_model.detect.network import Network
from demo_model.train.detector import ENDS
from demo_model.train.learner import Learner
from demo_model.train.muon import LIKE_ADAM, Muon, orthogonal
from demo_model.train.networks import UNET_ENDS, inner_weights, make_unet
from demo_model.train.plan import TINY


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 8, 40), (2, 40, 8), (1, 1, 5)])
def test_matrices_become_orthogonal_whatever_their_sides(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonal(torch.randn(shape)))

    assert float(values.min()) > 0.6
    assert float(values.max()) < 1.3


def test_the_directions_of_a_matrix_stay_its_own() -> None:
    torch.manual_seed(0)
    matrix = torch.randn(1, 6, 20)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)

    assert torch.allclose(orthogonal(matrix), left @ right, atol=0.3)


def test_a_step_is_as_large_for_a_convolution_as_for_its_matrix() -> None:
    torch.manual_seed(0)
    matrix, convolution = nn.Parameter(torch.zeros(4, 18)), nn.Parameter(torch.zeros(4, 2, 3, 3))
    matrix.grad = torch.randn(4, 18)
    convolution.grad = matrix.grad.view(4, 2, 3, 3).clone()
    Muon([matrix, convolution], rate=0.1).step()

    assert torch.equal(convolution.detach().flatten(1), matrix.detach())
    assert float(matrix.detach().norm()) == pytest.approx(0.1 * LIKE_ADAM * 18**0.5 * 2, rel=0.3)  # 2: 4 values near 1


def test_inner_weights_and_others_learn_together_and_go_on_after_a_stop() -> None:
    torch.manual_seed(1)
    learner, other = (Learner(network, 0.05, [network[2].weight]) for network in (_network(), _network()))
    inputs = torch.randn(64, 4)
    losses = [_learn(learner, inputs, step) for step in range(60)]
    other.load(copy.deepcopy(learner.state()))
    _learn(learner, inputs, 59)
    _learn(other, inputs, 59)

    assert losses[-1] < losses[0] / 10
    assert all(
        torch.equal(*pair) for pair in zip(learner.network.parameters(), other.network.parameters(), strict=True)
    )


def test_the_first_layer_the_last_and_what_is_no_matrix_are_not_inner() -> None:
    unet, detector = make_unet(TINY), Network()
    unet_others, detector_others = others(unet, UNET_ENDS), others(detector, ENDS)

    assert {"conv_in.weight", "conv_out.weight", "conv_norm_out.weight"} <= unet_others
    assert "mid_block.resnets.0.conv1.weight" not in unet_others
    assert all(name.endswith(".bias") or "norm" in name or name.startswith("conv_") for name in unet_others)
    assert {"stem.0.0.weight", "cells.weight", "picture.weight", "body.0.1.weight"} <= detector_others
    assert detector_others.isdisjoint({"stem.1.0.weight", "body.0.0.weight", "whole.weight"})


def others(network: nn.Module, ends: tuple[str, ...]) -> set[str]:
    """Return the names of the weights that are not inner ones."""
    inner = {id(weight) for weight in inner_weights(network, ends)}
    return {name for name, weight in network.named_parameters() if id(weight) not in inner}


def _network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))


def _learn(learner: Learner[nn.Sequential], inputs: torch.Tensor, step: int) -> float:
    loss = ((learner.network(inputs) - inputs.sum(1, keepdim=True)) ** 2).mean()
    learner.learn(loss, step / 60)
    return float(loss.detach())
