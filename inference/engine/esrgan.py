"""Networks of the ESRGAN family, as spandrel reads them, in the form of a checkpoint that takes one step."""

from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from inference.contract import CheckpointUnusable
from inference.engine.fingerprint import fingerprint, hash_weights
from inference.engine.loading import load_picture_check_of
from inference.engine.model import Model
from inference.engine.preview import PreviewMap
from inference.engine.schedulers import Schedulers
from inference.engine.seat import Seat
from inference.engine.text import Conditioning, Embedding, Reader
from inference.engine.weights import locate_file
from inference.presence import EXTRA
from inference.request import ImageRequest
from inference.upscalers import UpscalerCheckpoint


class Network(torch.nn.Module):
    """Stands where other checkpoints have a UNet: pixels in -1..1 to `factor` times as many along a side."""

    config = SimpleNamespace(in_channels=3, time_cond_proj_dim=None, num_class_embeds=None)

    def __init__(self, read: Any) -> None:
        super().__init__()
        self.network = read.model
        self._read = read

    def forward(self, pictures: torch.Tensor, *_: Any, **__: Any) -> tuple[torch.Tensor]:
        """Return the larger pictures."""
        return (self._read(pictures / 2 + 0.5) * 2 - 1,)


class Pixels(torch.nn.Module):
    """Stands where other checkpoints have a VAE: here latents are pixels already."""

    dtype = torch.float32
    use_tiling = False
    tile_sample_min_size = 1 << 16

    def __init__(self, factor: int) -> None:
        super().__init__()
        levels = factor.bit_length()  # as many as a VAE has that makes so many pixels of one
        self.config = SimpleNamespace(latent_channels=3, scaling_factor=1.0, block_out_channels=(3,) * levels)

    def decode(self, pixels: torch.Tensor, **_: Any) -> tuple[torch.Tensor]:
        """Return the pixels."""
        return (pixels,)


class Wordless(Reader):
    """Stands where other checkpoints read prompts."""

    def __init__(self, device: torch.device) -> None:
        super().__init__((), zeros_for_no_prompt=False)
        tokens = torch.zeros(1, 1, 1, device=device)
        self.read = lambda _: Embedding(tokens)  # type: ignore[assignment]

    def condition(self, request: ImageRequest) -> Conditioning:
        """Return nothing to be told, in one row."""
        return Conditioning(self.read("").tokens, None, 1.0)

    def overflow(self, text: str) -> str:
        """Return nothing: what is not read is not cut off."""
        return ""


def load_esrgan(checkpoint: UpscalerCheckpoint, device: torch.device, cache: Path, seat: Seat | None = None) -> Model:
    """Return the network in memory; it works in float32. Raises CheckpointUnusable, and whatever is wrong with it."""
    home = device if seat is None else torch.device("cpu")
    path = locate_file(checkpoint.weights)
    network = Network(_read(path, checkpoint.factor).to(home).eval())
    told = fingerprint(device, torch.float32, hash_weights([path], cache), low_memory=seat is not None)
    model = Model(
        checkpoint=checkpoint,
        adapters=(),
        device=device,
        dtype=torch.float32,
        reader=Wordless(device),
        unet=network,
        vae=Pixels(checkpoint.factor),
        upscaler=None,
        schedulers=Schedulers({}),
        picture_check=load_picture_check_of(checkpoint, home),
        preview=PreviewMap(torch.eye(4, 3)),  # a pixel's colours are its own
        fingerprint=told | {"spandrel": version("spandrel")},
        low_memory=seat is not None,
    )
    if seat is not None:
        for part in model.parts:
            seat.offer(part)
    return model


def _read(path: Path, factor: int) -> Any:
    """Return what spandrel makes of a file. Raises CheckpointUnusable."""
    try:
        import spandrel  # an extra, and only for these
    except ImportError as error:
        raise CheckpointUnusable(f"spandrel cannot be imported ({error}): {EXTRA}") from error
    read = spandrel.ModelLoader().load_from_file(path)
    if not isinstance(read, spandrel.ImageModelDescriptor) or (read.input_channels, read.output_channels) != (3, 3):
        raise CheckpointUnusable(f"{path.name} makes no colour pictures of colour pictures")
    if read.scale != factor:
        raise CheckpointUnusable(f"{path.name} enlarges {read.scale} times, and its entry says {factor}")
    return read
