"""LoRAs: small files that teach a checkpoint's UNet and text encoders a thing more.

They are added into the weights of a copy of the checkpoint: a call costs the same with them as without, and who draws
with other ones never meets in a call.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transformers.utils import logging as transformers_logging

from inference.checkpoints import Checkpoint, Family
from inference.contract import CheckpointUnusable, Unfeasible
from inference.engine.fingerprint import hash_weights
from inference.engine.text import TextEncoder
from inference.request import Adapters

ENCODERS = ("text_encoder", "text_encoder_2")
TOKENIZERS = ("tokenizer", "tokenizer_2")


def find(checkpoint: Checkpoint, adapters: Adapters) -> dict[str, Path]:
    """Return the file of each adapter by its name. Raises Unfeasible where the checkpoint has none of that name."""
    folder = checkpoint.adapters
    known = {} if folder is None else {path.stem: path for path in folder.glob("*.safetensors")}
    if unknown := [name for name, _ in adapters if name not in known]:
        raise Unfeasible(f"{checkpoint.name} has no LoRA called {', '.join(unknown)}")
    return {name: known[name] for name, _ in adapters}


def add(
    family: Family, adapters: Adapters, files: Mapping[str, Path], unet: Any, encoders: Sequence[TextEncoder]
) -> None:
    """Add the adapters to the weights, each as strongly as is said. Raises CheckpointUnusable, naming the file."""
    if not adapters:
        return
    pipeline = _pipeline(family, unet, encoders)
    with _without_reports():
        for name, path in files.items():
            try:
                pipeline.load_lora_weights(path, adapter_name=name)
            except Exception as error:
                raise CheckpointUnusable(f"the LoRA {path} cannot be added: {error}") from error
        names, weights = zip(*adapters, strict=True)
        pipeline.set_adapters(list(names), list(weights))
        pipeline.fuse_lora(components=["unet", *ENCODERS[: len(encoders)]], adapter_names=list(names))
        pipeline.unload_lora_weights()


def describe(adapters: Adapters, files: Mapping[str, Path], cache: Path) -> dict[str, str]:
    """Return what a fingerprint says of the adapters: names, strengths and the files' hashes."""
    told = (f"{name} {weight:g} {hash_weights([files[name]], cache)}" for name, weight in adapters)
    return {"adapters": ", ".join(told)} if adapters else {}


def _pipeline(family: Family, unet: Any, encoders: Sequence[TextEncoder]) -> Any:
    """Return a pipeline that holds no more than what adapters change."""
    # Pipelines take seconds to import, and few workers need them.
    from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

    parts = dict(zip(ENCODERS, (each.encoder for each in encoders), strict=False))
    parts |= dict(zip(TOKENIZERS, (each.tokenizer for each in encoders), strict=False))
    kind: Any = StableDiffusionPipeline
    rest: dict[str, Any] = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    if family is Family.SDXL:
        kind, rest = StableDiffusionXLPipeline, {"add_watermarker": False}
    return kind(vae=None, scheduler=None, unet=unet, **rest, **parts)


@contextmanager
def _without_reports() -> Iterator[None]:
    """Keep transformers from reporting the weights that an adapter does not change, and peft that there are several."""
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            yield
    finally:
        transformers_logging.set_verbosity(verbosity)
