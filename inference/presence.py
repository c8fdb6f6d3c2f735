"""Which weights are on this disk, and how an operator gets the others."""

import sys
from importlib.util import find_spec

from huggingface_hub import try_to_load_from_cache

from inference.checkpoints import Weights
from inference.upscalers import UpscalerCheckpoint, UpscalerKind

#: with the Python that runs the bot, and without putting a copy of the project beside it
EXTRA = f"{sys.executable} -m pip install --editable '.[esrgan]'"


def is_there(weights: Weights, mark: str = "model_index.json") -> bool:
    """Say whether weights are on this disk; `mark` is a file that any repository of their kind has."""
    if weights.folder is not None:
        return any((weights.folder / weights.subfolder).rglob(weights.file or "*.safetensors"))
    name = "/".join(filter(None, (weights.subfolder, weights.file or (weights.subfolder and "config.json") or mark)))
    return isinstance(try_to_load_from_cache(weights.source, name, revision=weights.revision), str)


def lacks(upscaler: UpscalerCheckpoint) -> list[str]:
    """Return what an operator has to do before an upscaler can work."""
    needs_extra = upscaler.kind is UpscalerKind.ESRGAN and find_spec("spandrel") is None
    return ([EXTRA] if needs_extra else []) + ([] if is_there(upscaler.weights) else [fetching(upscaler.weights)])


def fetching(weights: Weights) -> str:
    """Return how an operator gets weights that are not there."""
    if weights.folder is not None:
        return f"put {weights.file or 'its safetensors files'} into {weights.folder / weights.subfolder}"
    if weights.file is not None:
        what = "/".join(filter(None, (weights.subfolder, weights.file)))
    else:
        wanted = f"*{weights.variant}.safetensors" if weights.variant else "*.safetensors"
        what = f"--include '*.json' '*.txt' '{wanted}'"
    return f"hf download {weights.source} --revision {weights.revision} {what}"
