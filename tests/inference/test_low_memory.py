"""With little memory on the device: parts take turns on it, and large pictures are decoded in tiles."""

import logging
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from inference_kit import Bystander, a_checkpoint, an_attempt
from PIL import Image

from inference.checkpoints import Family
from inference.contract import Drawing
from inference.engine.engine import DiffusersEngine
from inference.engine.seat import Seat
from inference.request import Task

LARGE = {"width": 64, "height": 512}  # a tiny VAE's tiles have sides of 256 pixels


class Part(torch.nn.Module):
    """A network that notes where it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[str] = []

    def to(self, place: object) -> "Part":  # type: ignore[override]
        self.places.append(str(place))
        return self

    def forward(self, number: int) -> int:
        return number + 1


class Weighty(torch.nn.Linear):
    """A layer that comes and goes as to a GPU: its weights are made anew each time."""

    def to(self, place: object) -> "Weighty":  # type: ignore[override]
        return super().to(torch.float32 if str(place) == "cpu" else torch.float64)


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, DiffusersEngine]:
    folder = tmp_path_factory.mktemp("checkpoints")
    tiny.make(folder / "tiny", Family.SDXL)
    checkpoints = {"tiny": a_checkpoint(folder / "tiny", family=Family.SDXL)}
    return {low: DiffusersEngine("cpu", checkpoints, folder, low_memory=low) for low in (False, True)}


def draw(engine: DiffusersEngine, spool: Path, **values: object) -> tuple[Drawing, np.ndarray]:
    drawing = engine.draw(an_attempt(spool, **values), Bystander())
    return drawing, np.load(drawing.pictures[0].path)


def test_a_part_sits_on_the_device_while_it_works_and_the_others_wait() -> None:
    seat, one, other = Seat(torch.device("meta")), Part(), Part()
    for part in (one, other):
        seat.offer(part)
    assert [one(1), one(2), other(3), one(4)] == [2, 3, 4, 5]

    assert one.places == ["cpu", "meta", "cpu", "meta"]
    assert other.places == ["cpu", "meta", "cpu"]


def test_what_a_part_is_called_with_is_brought_along() -> None:
    seat, part = Seat(torch.device("meta")), Part()
    seat.offer(part)

    assert part(torch.ones(2)).device.type == "meta"


def test_weights_that_were_loaded_for_inference_come_and_go_at_any_time() -> None:
    seat = Seat(torch.device("meta"))
    with torch.inference_mode():
        parts = [Weighty(2, 2), Weighty(2, 2)]
    for part in parts:
        seat.offer(part)
    for part in (parts[0], parts[1], parts[0]):
        seat.pre_forward(part)
        with torch.inference_mode():
            torch.nn.functional.linear(torch.ones(2, dtype=torch.float64), part.weight)

    assert [part.weight.dtype for part in parts] == [torch.float64, torch.float32]


def test_a_part_that_is_gone_is_not_kept() -> None:
    seat, other = Seat(torch.device("meta")), Part()
    seat.pre_forward(Part())
    seat.pre_forward(other)

    assert other.places == ["meta"]


def test_each_part_of_a_checkpoint_comes_onto_the_device_once_for_a_picture(
    engines: dict[bool, DiffusersEngine], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engines[True].load("tiny")
    values = {"prompt": "a fish", "negative_prompt": "a bird"}
    with caplog.at_level(logging.DEBUG, "inference.engine.seat"):
        draw(engines[True], tmp_path, **values)
        draw(engines[True], tmp_path, **values, seed=1)

    came = [record.getMessage().split()[0] for record in caplog.records]
    assert came[:2] == ["CLIPTextModel", "CLIPTextModelWithProjection"]
    assert came[-4:] == ["UNet2DConditionModel", "AutoencoderKL"] * 2  # the second time the prompts are known


def test_pictures_that_need_no_tiles_are_the_same(engines: dict[bool, DiffusersEngine], tmp_path: Path) -> None:
    (_, roomy), (low, thrifty) = (draw(engines[low], tmp_path / str(low)) for low in (False, True))
    assert np.array_equal(roomy, thrifty)
    assert low.pictures[0].fingerprint["memory"] == "low"
    assert "decoding" not in low.pictures[0].fingerprint


def test_large_pictures_are_decoded_in_tiles_and_differ_little(
    engines: dict[bool, DiffusersEngine], tmp_path: Path
) -> None:
    (before, roomy), (low, thrifty) = (draw(engines[low], tmp_path / str(low), **LARGE) for low in (False, True))
    assert not np.array_equal(roomy, thrifty)
    assert np.abs(roomy.astype(float) - thrifty).mean() < 2
    assert (before.pictures[0].fingerprint.get("decoding"), low.pictures[0].fingerprint["decoding"]) == (
        None,
        "in tiles",
    )
    assert before.pictures[0].fingerprint == {
        name: low.pictures[0].fingerprint[name]
        for name in low.pictures[0].fingerprint
        if name in before.pictures[0].fingerprint
    }


def test_a_picture_is_redrawn_alike(engines: dict[bool, DiffusersEngine], tmp_path: Path) -> None:
    _, source = draw(engines[False], tmp_path / "source")
    Image.fromarray(source).save(tmp_path / "source.png")
    values = {"task": Task.IMAGE_TO_IMAGE, "source": tmp_path / "source.png", "strength": 0.5}
    (_, roomy), (_, thrifty) = (draw(engines[low], tmp_path / str(low), **values) for low in (False, True))
    assert np.array_equal(roomy, thrifty)
