"""Says what a picture of the drawn world shows, by a network trained on drawn pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional

from demo_model.detect.network import SIDE, Network, Reading
from demo_model.detect.targets import GRID
from demo_model.pixels import to_unit
from demo_model.world.drawer import Picture
from demo_model.world.scene import BACKDROPS, Backdrop, Colour, Kind, Place, Style

WEIGHTS = Path(__file__).with_name("detector.safetensors")
APART = 2  #: cells around a thing in which there is no other
LOW, HIGH = 0.375, 0.625  #: where left ends and right begins, in fractions of the side
BATCH = 64


@dataclass(frozen=True)
class Sighting:
    """A thing and where it is, in fractions of the side."""

    kind: Kind
    colour: Colour
    x: float
    y: float

    @property
    def place(self) -> Place:
        """The ninth of the picture that it is in."""
        row = "top" if self.y < LOW else "bottom" if self.y > HIGH else ""
        column = "left" if self.x < LOW else "right" if self.x > HIGH else ""
        return Place(f"{row} {column}".strip() or "middle")


@dataclass(frozen=True)
class Seen:
    """What a picture shows; the surest thing comes first."""

    things: tuple[Sighting, ...]
    backdrop: Backdrop
    style: Style


class Detector:
    """The network with its weights."""

    def __init__(self, network: Network, device: str | torch.device = "cpu") -> None:
        self._device = torch.device(device)
        self._network = network.to(self._device).eval()

    @classmethod
    def load(cls, path: Path = WEIGHTS, device: str | torch.device = "cpu") -> "Detector":
        """Read the weights of a trained network."""
        network = Network()
        network.load_state_dict(load_file(path))
        return cls(network.float(), device)

    def look(self, pictures: Sequence[Picture]) -> list[Seen]:
        """Return what each of the pictures, squares all of one size, shows."""
        seen: list[Seen] = []
        for start in range(0, len(pictures), BATCH):
            batch = torch.from_numpy(np.stack(pictures[start : start + BATCH])).to(self._device)
            reading = self._read(prepare(batch))
            seen += [_interpret(reading, index) for index in range(len(batch))]
        return seen

    @torch.inference_mode()
    def _read(self, pictures: torch.Tensor) -> Reading:
        """Return what the network says of the pictures, the mean of seeing them straight and in a mirror."""
        straight, mirrored = (vars(self._network(seen)) for seen in (pictures, pictures.flip(-1)))
        return Reading(**{name: (straight[name] + _back(mirrored[name])) / 2 for name in straight})


def _back(logits: torch.Tensor) -> torch.Tensor:
    """Return the logits of a mirror image as those of the picture itself; some are of no place in it."""
    return logits.flip(-1) if logits.dim() > 2 else logits


def prepare(pictures: torch.Tensor) -> torch.Tensor:
    """Return pictures of shape [pictures, height, width, 3] from 0 to 255 as the network takes them."""
    unit = to_unit(pictures).contiguous()  # channels apart: so the network is quicker
    return functional.interpolate(unit, (SIDE, SIDE), mode="area")


def _interpret(reading: Reading, index: int) -> Seen:
    # Logits, not probabilities: these are all 1 where the network is sure, and equal cells would count as many things.
    sure = reading.thing[index]
    peaks = functional.max_pool2d(sure[None], 2 * APART + 1, stride=1, padding=APART)[0] == sure
    rows, columns = torch.nonzero(peaks & (sure > 0), as_tuple=True)
    cells = sorted(zip(rows.tolist(), columns.tolist(), strict=True), key=lambda cell: -float(sure[cell]))
    things = tuple(
        Sighting(
            tuple(Kind)[int(reading.kind[index, :, row, column].argmax())],
            tuple(Colour)[int(reading.colour[index, :, row, column].argmax())],
            (column + 0.5) / GRID,
            (row + 0.5) / GRID,
        )
        for row, column in cells
    )
    backdrop, style = int(reading.backdrop[index].argmax()), int(reading.style[index].argmax())
    return Seen(things, BACKDROPS[backdrop], tuple(Style)[style])
