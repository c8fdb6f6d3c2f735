"""Pictures in words, by a real captioning network of random weights, in a process of its own."""

import io
from pathlib import Path

import numpy as np
import pytest
import tiny_captioner
import torch
from PIL import Image

from inference.captions import describe
from inference.contract import CheckpointUnusable
from jobs.clerk import Clerk

MEMORY = 8 << 30


def a_picture() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


async def test_a_picture_is_put_into_words_and_always_into_the_same(tmp_path: Path) -> None:
    captioner = tiny_captioner.make(tmp_path)
    async with Clerk(memory=MEMORY) as clerk:
        words = await clerk.call(describe, captioner, a_picture(), timeout=100)  # its process has the least priority

    assert words
    assert set(words.split()) <= set(tiny_captioner.WORDS)
    assert words == describe(captioner, a_picture())


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    captioner = tiny_captioner.make(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(CheckpointUnusable, match="Pickled weights can run code"):
        describe(captioner, a_picture())
