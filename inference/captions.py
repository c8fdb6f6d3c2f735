"""Pictures in words, in a process of its own, on the processor: no device waits for it."""

import io
from functools import cache
from typing import TYPE_CHECKING

from PIL import Image

from inference.viewers import Viewer

if TYPE_CHECKING:
    from inference.engine.describer import Describer


def describe(captioner: Viewer, png: bytes) -> str:
    """Return what a picture that was taken in already shows. Raises what keeps the network from looking."""
    return _loaded(captioner.model_dump_json()).describe(Image.open(io.BytesIO(png)).convert("RGB"))


@cache
def _loaded(captioner: str) -> "Describer":
    # Imported here, because the bot's own process imports this module and has no use for torch.
    import torch

    from inference.engine.describer import Describer

    torch.set_num_threads(1)
    return Describer.load(Viewer.model_validate_json(captioner))
