"""From finished latents to pictures, while others' steps go on."""

from dataclasses import dataclass
from typing import Any

import torch

from inference.engine.painting import Painting
from inference.engine.pictures import Picture


@dataclass(frozen=True, slots=True)
class Development:
    """A picture's pixels on their way into the host's memory: uint8, of shape [height, width, 3].

    On a GPU two events stand at the beginning and the end of the way.
    """

    pixels: torch.Tensor
    began: Any = None
    ended: Any = None

    @property
    def ready(self) -> bool:
        """Whether the pixels have arrived."""
        return self.ended is None or bool(self.ended.query())

    @property
    def seconds(self) -> float:
        """What a GPU took for it, beside whatever else it did. A CPU's time is that of the call."""
        return 0.0 if self.ended is None else float(self.began.elapsed_time(self.ended)) / 1000

    def picture(self) -> Picture:
        """Return the picture, once it is ready."""
        picture: Picture = self.pixels.numpy()
        return picture


class Darkroom:
    """Decodes one painting at a time: on a GPU on a stream of its own, so that the next step need not wait for it.

    Not `beside` the steps where the decoder has to leave the device before one can be taken.
    """

    def __init__(self, device: torch.device, *, beside: bool = True) -> None:
        make: Any = torch.cuda.Stream
        self._stream: torch.cuda.Stream | None = make(device) if beside and device.type == "cuda" else None

    def develop(self, painting: Painting) -> Development:
        """Begin to decode a painting that has taken all its steps; where there is no stream for it, do it."""
        if self._stream is None:
            return Development(painting.decode().cpu())
        make: Any = torch.cuda.Event
        self._stream.wait_stream(torch.cuda.current_stream(self._stream.device))
        with torch.cuda.stream(self._stream):
            began, ended = (make(enable_timing=True) for _ in range(2))
            began.record()
            made = painting.decode()
            pixels = torch.empty(made.shape, dtype=made.dtype, pin_memory=True)
            pixels.copy_(made, non_blocking=True)
            ended.record()
        painting.latents.record_stream(self._stream)  # their memory is not given to others before they are read
        return Development(pixels, began, ended)

    def wait(self) -> None:
        """Wait until all that was begun is ready."""
        if self._stream is not None:
            self._stream.synchronize()
