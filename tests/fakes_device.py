"""The engine on a device that has room for few rows. The worker process loads it by its name."""

from typing import Any

import torch

from inference.engine.engine import DiffusersEngine
from inference.request import Adapters

ROOM = 2 * 16 * 16  #: latents in a call: two rows of a picture of 128 pixels, or eight of one of 64


class SmallDevice(DiffusersEngine):
    """Loads what it is asked for, and from then on finds room for ROOM latents in a call only."""

    def load(self, checkpoint: str, adapters: Adapters = ()) -> dict[str, str]:
        fingerprint = super().load(checkpoint, adapters)
        unet = self._take(checkpoint, adapters).unet
        if not unet._forward_pre_hooks:
            unet.register_forward_pre_hook(_check_room)
        return fingerprint


def _check_room(unet: Any, arguments: Any) -> None:
    rows, _, height, width = arguments[0].shape
    if rows * height * width > ROOM:
        raise torch.OutOfMemoryError(f"no room for {rows} rows of {height} x {width}")


class ThreadedDevice(DiffusersEngine):
    """Computes on as many threads as its device's name says, "cpu/2": other threads are another fingerprint."""

    def __init__(self, device: str, *arguments: Any, **options: Any) -> None:
        name, _, threads = device.partition("/")
        super().__init__(name, *arguments, **options)
        if threads:
            torch.set_num_threads(int(threads))
