"""What a picture's record tells of how it was drawn, and what /reproduce makes of a difference."""

from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from inference_kit import Bystander, a_checkpoint, an_attempt
from PIL import Image
from safetensors.torch import save_file

from inference.engine.engine import DiffusersEngine
from inference.request import Adapters
from jobs.reproduction import Likeness, Verdict, compare

LARGE = {"width": 64, "height": 512}  # a tiny VAE's tiles have sides of 256 pixels
FISH: Adapters = (("fish", 1.0),)


def make_lora(path: Path, strength: float) -> None:
    """Write a LoRA that changes one layer."""
    path.parent.mkdir(exist_ok=True)
    layer = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_v"
    up, down = torch.full((24, 1), strength), torch.ones(1, 32)
    save_file({f"{layer}.lora_A.weight": down, f"{layer}.lora_B.weight": up}, path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    tiny.make(folder / "tiny")
    return folder


def verdict(engines: list[DiffusersEngine], spool: Path, **values: object) -> Verdict:
    """Draw the same with both engines, and compare as /reproduce does."""
    files, told = [], []
    for index, engine in enumerate(engines):
        drawing = engine.draw(an_attempt(spool / str(index), **values), Bystander())
        Image.fromarray(np.load(drawing.pictures[0].path)).save(path := spool / f"{index}.png")
        files.append(path.read_bytes())
        told.append(drawing.pictures[0].fingerprint)
    return compare(*files, *told)


def an_engine(folder: Path, *, low_memory: bool = False) -> DiffusersEngine:
    checkpoint = a_checkpoint(folder / "tiny", adapters=folder / "loras")
    return DiffusersEngine("cpu", {"tiny": checkpoint}, folder, low_memory=low_memory)


def test_nothing_has_changed_from_one_start_to_the_next(folder: Path, tmp_path: Path) -> None:
    assert verdict([an_engine(folder), an_engine(folder)], tmp_path) == Verdict(Likeness.IDENTICAL, None, ())


def test_a_device_that_makes_do_with_less_memory_is_told(folder: Path, tmp_path: Path) -> None:
    found = verdict([an_engine(folder), an_engine(folder, low_memory=True)], tmp_path, **LARGE)
    assert (found.likeness, found.changed) == (Likeness.NEAR, ("decoding", "memory"))


def test_a_lora_whose_file_was_replaced_is_told(folder: Path, tmp_path: Path) -> None:
    make_lora(folder / "loras" / "fish.safetensors", 0.5)
    before = an_engine(folder)
    before.load("tiny", FISH)
    make_lora(folder / "loras" / "fish.safetensors", -5.0)
    found = verdict([before, an_engine(folder)], tmp_path, adapters=FISH)
    assert found.changed == ("adapters",)
    assert found.likeness is not Likeness.IDENTICAL


def test_another_number_of_rows_is_told(folder: Path, tmp_path: Path) -> None:
    found = verdict([an_engine(folder), _with_rows(folder, tmp_path, 8)], tmp_path)
    assert found.changed == ("rows",)


def _with_rows(folder: Path, cache: Path, rows: int) -> DiffusersEngine:
    kept = (folder / "rows.json").read_text() if (folder / "rows.json").is_file() else "{}"
    (cache / "rows.json").write_text(kept.replace(": 2", f": {rows}"))
    checkpoint = a_checkpoint(folder / "tiny")
    return DiffusersEngine("cpu", {"tiny": checkpoint}, cache)
