"""Pictures in words, by a real captioning network of random weights."""

import io
from pathlib import Path

import numpy as np
import pytest
import tiny_captioner
import torch
from PIL import Image

from bot.house import EYES_BYTES
from inference.captions import describe
from inference.contract import CheckpointUnusable
from inference.engine.describer import Describer
from jobs.clerk import Clerk


def a_picture() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


def test_a_picture_is_put_into_words_and_always_into_the_same(tmp_path: Path) -> None:
    captioner = tiny_captioner.make(tmp_path)
    words = describe(captioner, a_picture())

    assert words
    assert set(words.split()) <= set(tiny_captioner.WORDS)
    assert words == Describer.load(captioner).describe(Image.open(io.BytesIO(a_picture())))


@pytest.mark.slow  # it imports all that the engine imports, with the least priority
async def test_the_process_that_it_happens_in_has_room_for_it(tmp_path: Path) -> None:
    captioner = tiny_captioner.make(tmp_path)
    async with Clerk(memory=EYES_BYTES) as clerk:
        assert await clerk.call(describe, captioner, a_picture(), timeout=100) == describe(captioner, a_picture())


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    captioner = tiny_captioner.make(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(CheckpointUnusable, match="Pickled weights can run code"):
        describe(captioner, a_picture())
