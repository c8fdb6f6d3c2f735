"""Networks of the ESRGAN family: read by spandrel from safetensors alone, and drawn in tiles beside everybody else."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from comparison import a_picture
from inference_kit import Bystander, an_attempt
from safetensors.torch import save_file
from tiny_upscalers import an_upscaler

from inference.checkpoints import Weights
from inference.contract import CheckpointUnusable, Unfeasible
from inference.engine.engine import DiffusersEngine
from inference.engine.pictures import Picture, to_picture, to_tensor
from inference.request import Task
from inference.upscalers import UpscalerCheckpoint, UpscalerKind

try:
    from spandrel.architectures.ESRGAN.__arch.RRDB import RRDBNet
except ImportError as error:
    pytestmark = pytest.mark.skip(f"the extra esrgan is not installed: {error}")


def a_network(folder: Path, scale: int = 4) -> Any:
    """Write a real RRDBNet of random weights, and return it."""
    torch.manual_seed(0)
    network = RRDBNet(num_filters=16, num_blocks=1, scale=scale).eval()
    *_, weight, bias = network.parameters()
    torch.nn.init.normal_(weight, std=0.5)  # as they are made, its pictures are all black
    torch.nn.init.constant_(bias, 0.5)
    save_file(network.state_dict(), folder / "network.safetensors")
    return network


def an_entry(folder: Path, file: str = "network.safetensors", **values: Any) -> UpscalerCheckpoint:
    defaults: dict[str, Any] = {"kind": UpscalerKind.ESRGAN, "factor": 4, "native_side": 256}
    return an_upscaler(folder, weights=Weights(source=str(folder), file=file), **defaults | values)


def enlarge(entry: UpscalerCheckpoint, folder: Path, width: int, height: int, **values: Any) -> tuple[Picture, Any]:
    a_picture(max(width, height)).crop((0, 0, width, height)).save(folder / "small.png")
    size = {"width": width * entry.factor, "height": height * entry.factor, "factor": entry.factor}
    settings = {"task": Task.UPSCALE, "checkpoint": entry.name, "strength": 0.0, "sampler": entry.sampler}
    attempt = an_attempt(folder / "spool", source=folder / "small.png", **settings | size | values)
    drawing = DiffusersEngine("cpu", {entry.name: entry}, folder).draw(attempt, Bystander())
    return np.load(drawing.pictures[0].path), drawing


def test_a_small_picture_is_what_the_network_makes_of_it(tmp_path: Path) -> None:
    network = a_network(tmp_path)
    made, drawing = enlarge(an_entry(tmp_path), tmp_path, 48, 32)
    with torch.inference_mode():
        small = to_tensor(np.asarray(a_picture(48).crop((0, 0, 48, 32))))
        expected = to_picture(network(small / 2 + 0.5).clamp(0, 1) * 2 - 1)

    assert made.shape == (128, 192, 3)
    assert np.abs(made.astype(int) - expected).max() <= 1
    assert made.std() > 5
    assert len(drawing.pictures[0].fingerprint["weights"]) == 64
    assert drawing.pictures[0].fingerprint["spandrel"]


def test_a_larger_picture_is_made_in_tiles_that_do_not_show(tmp_path: Path) -> None:
    network = a_network(tmp_path)
    made, _ = enlarge(an_entry(tmp_path), tmp_path, 150, 100)
    with torch.inference_mode():
        small = to_tensor(np.asarray(a_picture(150).crop((0, 0, 150, 100))))
        whole = to_picture(network(small / 2 + 0.5).clamp(0, 1) * 2 - 1)
    off = np.abs(made.astype(int) - whole)

    assert made.shape == (400, 600, 3)
    assert off[: 4 * 96, :].mean() < 1  # below it the filled-up rows are seen


def test_what_it_is_not_made_for_is_refused(tmp_path: Path) -> None:
    a_network(tmp_path)
    with pytest.raises(Unfeasible, match="enlarges 4 times"):
        enlarge(an_entry(tmp_path), tmp_path, 48, 32, factor=2)
    with pytest.raises(CheckpointUnusable, match="enlarges 4 times, and its entry says 2"):
        enlarge(an_entry(tmp_path, factor=2), tmp_path, 48, 32)


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    torch.save(a_network(tmp_path).state_dict(), tmp_path / "network.pth")
    with pytest.raises(CheckpointUnusable, match=r"\.safetensors file"):
        enlarge(an_entry(tmp_path, "network.pth"), tmp_path, 48, 32)
