"""Where weights lie, and the parts of a checkpoint out of them. Safetensors only: nothing here can run foreign code."""

from pathlib import Path
from typing import Any

import torch
from huggingface_hub import hf_hub_download, snapshot_download
from transformers.utils import logging as transformers_logging

from inference.checkpoints import Weights
from inference.contract import CheckpointUnusable

STEMS = ("model", "diffusion_pytorch_model")
PICKLES = ("*.bin", "*.ckpt", "*.pt", "*.pth")

transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # weights load in seconds: no bar in the log


class Loader:
    """Loads the parts of one folder and keeps count of the weight files."""

    def __init__(self, folder: Path, variant: str | None, device: torch.device, dtype: torch.dtype) -> None:
        self.folder = folder
        self.device = device
        self.dtype = dtype
        self.files: list[Path] = []
        self._variant = variant

    def load(self, kind: Any, part: str) -> Any:
        """Return a part of the checkpoint, on the device. Raises CheckpointUnusable without safetensors."""
        folder = self.folder / part
        self.files += safetensors_in(folder, self._variant)
        name = "dtype" if kind.__module__.startswith("transformers") else "torch_dtype"
        model = kind.from_pretrained(
            folder, variant=self._variant, use_safetensors=True, local_files_only=True, **{name: self.dtype}
        )
        return model.to(self.device).eval()

    def locate(self, weights: Weights) -> Path:
        """Return where a single weights file lies, from the hub's cache where it comes from there."""
        self.files.append(locate_file(weights))
        return self.files[-1]


def locate(weights: Weights, parts: tuple[str, ...]) -> Path:
    """Return the folder of the weights, from the hub's cache where they come from there. Raises CheckpointUnusable.

    `parts` are the folders in it that are wanted, "" for its own files.
    """
    folder = weights.folder
    if folder is None:
        wanted = ["model_index.json", *(name for part in parts for name in _files(part, weights.variant))]
        folder = Path(snapshot_download(weights.source, revision=weights.revision, allow_patterns=wanted))
    if not folder.is_dir():
        raise CheckpointUnusable(f"the folder {folder} does not exist")
    return folder


def _files(part: str, variant: str | None) -> list[str]:
    """Return the patterns of the files that are wanted of a part: its weights, and what is text."""
    suffix = f".{variant}" if variant else ""
    names = (f"{stem}{suffix}{tail}.safetensors" for stem in STEMS for tail in ("", "-*"))
    return [f"{part}/{name}" if part else name for name in (*names, "*.json", "*.txt")]


def locate_file(weights: Weights) -> Path:
    """Return where a single weights file lies, from the hub's cache where it comes from there.

    Raises CheckpointUnusable for anything but a safetensors file.
    """
    if weights.file is None or not weights.file.endswith(".safetensors"):
        raise CheckpointUnusable("a UNet or an upscaler of its own needs `file`, the name of a .safetensors file")
    if weights.folder is not None:
        return weights.folder / weights.subfolder / weights.file
    subfolder = weights.subfolder or None
    return Path(hf_hub_download(weights.source, weights.file, subfolder=subfolder, revision=weights.revision))


def locate_network(weights: Weights) -> Path:
    """Return the folder of a network of transformers. Raises CheckpointUnusable without safetensors."""
    folder = locate(weights, (weights.subfolder,)) / weights.subfolder
    safetensors_in(folder, weights.variant)
    return folder


def safetensors_in(folder: Path, variant: str | None) -> list[Path]:
    """Return the weight files of a part. Raises CheckpointUnusable where there are none, naming what lies there."""
    suffix = f".{variant}" if variant else ""
    names = (f"{stem}{suffix}{tail}" for stem in STEMS for tail in ("", "-*"))
    if files := [path for name in names for path in folder.glob(f"{name}.safetensors")]:
        return files
    pickles = [path.name for pattern in PICKLES for path in folder.glob(pattern)]
    if pickles:
        raise CheckpointUnusable(
            f"{folder} holds {', '.join(sorted(pickles))} but no .safetensors file. Pickled weights can run code, "
            "so they are refused: convert them, or choose a revision with safetensors"
        )
    raise CheckpointUnusable(f"{folder} holds no .safetensors file" + (f" of variant {variant}" if variant else ""))
