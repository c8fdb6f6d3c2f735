"""Pictures for the detectors to learn from: not as they were drawn, and yet of the same things in the same places."""

import torch

from demo_model.detect.targets import GRID
from demo_model.train.misdrawing import misdrawn

SIDE = 128


def upright_lines(count: int) -> torch.Tensor:
    """Return pictures, from -1 to 1, of a white line down the middle of a black ground."""
    pictures = torch.full((count, 3, SIDE, SIDE), -1.0)
    pictures[..., SIDE // 2 - 4 : SIDE // 2 + 4] = 1
    return pictures


def middles(pictures: torch.Tensor) -> torch.Tensor:
    """Return where the white lies in every row, in pixels from the picture's middle; shape [pictures, side]."""
    white = (pictures[:, 0] + 1) / 2
    return (white * (torch.arange(SIDE) + 0.5 - SIDE / 2)).sum(-1) / white.sum(-1)


def test_lines_are_bent_each_in_its_own_way_but_stay_where_they_are() -> None:
    torch.manual_seed(0)
    made = middles(misdrawn(upright_lines(64)))

    assert (made.std(1) > 0.5).float().mean() > 0.7
    assert made.std(1).std() > 0.2
    assert made.mean(0).abs().max() < 1.5
    assert (made.abs() > SIDE / GRID).float().mean() < 0.05  # seldom in another cell of the grid


def test_edges_become_softer_and_no_brighter_or_darker() -> None:
    torch.manual_seed(0)
    lines = upright_lines(64)
    made = misdrawn(lines)

    assert made.shape == lines.shape
    assert made.min() >= -1.001
    assert made.max() <= 1.001
    assert made.diff(dim=3).abs().amax((1, 2, 3)).min() < 1 < lines.diff(dim=3).abs().max()
