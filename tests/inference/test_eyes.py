import io

import numpy as np
import pytest
import tiny
from PIL import Image

from inference.contract import CheckpointUnusable
from inference.eyes import look, open_eyes
from jobs.clerk import Clerk

MEMORY = 8 << 30


def a_picture() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


async def test_what_people_send_is_looked_at_in_a_process_of_its_own(tmp_path):
    check = tiny.make_check(tmp_path, 2.0)
    async with Clerk(memory=MEMORY) as eyes:
        await eyes.call(open_eyes, check, timeout=110)
        seen = await eyes.call(look, check, a_picture())

    assert seen == look(check, a_picture())
    assert seen["checker"] < 0
    assert seen["youth"] < 0
    assert 0 < seen["classifier"] < 1


async def test_eyes_without_networks_do_not_open(tmp_path):
    check = tiny.make_check(tmp_path / "there", 0.0)
    async with Clerk(memory=MEMORY) as eyes:
        (tmp_path / "there").rename(tmp_path / "gone")
        with pytest.raises(CheckpointUnusable, match="does not exist"):
            await eyes.call(open_eyes, check, timeout=110)
