"""The picture check over what people send, in a process of its own, on the processor: no device waits for it."""

import io
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from inference.checkpoints import ImageCheck

if TYPE_CHECKING:
    from inference.engine.safety import PictureCheck


def look(check: ImageCheck, png: bytes) -> dict[str, float]:
    """Return what the networks make of a picture that was taken in already. Raises what keeps them from looking."""
    return _loaded(check.model_dump_json()).look(np.asarray(Image.open(io.BytesIO(png)).convert("RGB")))


def look_at_array(check: ImageCheck, path: str) -> dict[str, float]:
    """Return what the networks make of the raw pixels in an .npy file. Raises what keeps them from looking."""
    return _loaded(check.model_dump_json()).look(np.load(path, allow_pickle=False))


def open_eyes(check: ImageCheck) -> None:
    """Load the networks. Raises CheckpointUnusable, OSError or ValueError where one is missing or another one."""
    _loaded(check.model_dump_json())


@cache
def _loaded(check: str) -> "PictureCheck":
    # Imported here, because the bot's own process imports this module and has no use for torch.
    import torch

    from inference.engine.loading import load_picture_check

    torch.set_num_threads(1)
    return load_picture_check(ImageCheck.model_validate_json(check), torch.device("cpu"))
