"""Pictures as files, as uint8 arrays of shape [height, width, 3], and as tensors in -1..1."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

from inference.contract import Unfeasible

Picture = NDArray[np.uint8]


def read(path: str, width: int, height: int) -> Picture:
    """Return the picture of a file, upright, cut to the shape and scaled to the size. Raises Unfeasible."""
    return np.asarray(fit(open_upright(path), width, height))


def open_upright(path: str, mode: str = "RGB", what: str = "source picture") -> Image.Image:
    """Return the image of a file as it is to be looked at, in one of Pillow's modes. Raises Unfeasible."""
    try:
        with Image.open(path) as image:
            return ImageOps.exif_transpose(image).convert(mode)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise Unfeasible(f"cannot read the {what}: {error}") from None


def fit(image: Image.Image, width: int, height: int) -> Image.Image:
    """Return the image cut to the shape around its middle and scaled, unchanged where it already fits."""
    if image.size == (width, height):
        return image
    return ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)


def write(picture: Picture, spool: str, index: int) -> str:
    """Write the picture into the spool folder and return its path."""
    path = Path(spool) / f"{index}.npy"
    np.save(path, picture)
    return str(path)


def size_of(picture: Picture) -> tuple[int, int]:
    """Return the picture's width and height in pixels."""
    height, width, _ = picture.shape
    return width, height


def to_tensor(picture: Picture) -> torch.Tensor:
    """Return the picture as a float32 tensor of shape [1, 3, height, width] in -1..1."""
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1.0


def to_pixels(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor of shape [1, 3, height, width] in -1..1 as a uint8 one of shape [height, width, 3]."""
    unit = (tensor[0].float() / 2 + 0.5).clamp(0, 1).permute(1, 2, 0)
    return (unit * 255).round().to(torch.uint8).contiguous()


def to_picture(tensor: torch.Tensor) -> Picture:
    """Return a tensor of shape [1, 3, height, width] in -1..1 as a picture."""
    picture: Picture = to_pixels(tensor).cpu().numpy()
    return picture
