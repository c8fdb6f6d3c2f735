"""Small files that teach a checkpoint a thing more: LoRAs change weights, textual inversions are words of their own.

They are added to a copy of the checkpoint: a call costs the same with them as without, and who draws with other ones
never meets in a call.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from transformers.utils import logging as transformers_logging

from inference.checkpoints import Checkpoint, Family
from inference.contract import CheckpointUnusable, Unfeasible
from inference.engine.fingerprint import hash_weights
from inference.engine.text import TextEncoder
from inference.request import Adapters

ENCODERS = ("text_encoder", "text_encoder_2")
TOKENIZERS = ("tokenizer", "tokenizer_2")
WORDS = ("clip_l", "clip_g")  #: what an SDXL's textual inversion holds for its encoders


def find(checkpoint: Checkpoint, adapters: Adapters) -> dict[str, Path]:
    """Return the file of each adapter by its name. Raises Unfeasible where the checkpoint has none of that name."""
    folder = checkpoint.adapters
    known = {} if folder is None else {path.stem: path for path in folder.glob("*.safetensors")}
    if unknown := [name for name, _ in adapters if name not in known]:
        raise Unfeasible(f"{checkpoint.name} has no adapter called {', '.join(unknown)}")
    return {name: known[name] for name, _ in adapters}


def add(
    family: Family, adapters: Adapters, files: Mapping[str, Path], unet: Any, encoders: Sequence[TextEncoder]
) -> list[TextEncoder]:
    """Add the adapters to the networks, LoRAs as strongly as is said; return encoders that read their words.

    Raises CheckpointUnusable, naming the file.
    """
    if not adapters:
        return list(encoders)
    pipeline = _pipeline(family, unet, encoders)
    with _without_reports():
        labels = {name: f"adapter{index}" for index, (name, _) in enumerate(adapters)}  # peft takes no dots in names
        loras = {
            labels[name]: weight
            for name, weight in adapters
            if _load(pipeline, name, labels[name], files[name], encoders)
        }
        if loras:
            pipeline.set_adapters(list(loras), list(loras.values()))
            pipeline.fuse_lora(components=["unet", *ENCODERS[: len(encoders)]], adapter_names=list(loras))
            pipeline.unload_lora_weights()
    return [replace(each, expand=partial(pipeline.maybe_convert_prompt, tokenizer=each.tokenizer)) for each in encoders]


def describe(adapters: Adapters, files: Mapping[str, Path], cache: Path) -> dict[str, str]:
    """Return what a fingerprint says of the adapters: names, strengths and the files' hashes."""
    told = (f"{name} {weight:g} {hash_weights([files[name]], cache)}" for name, weight in adapters)
    return {"adapters": ", ".join(told)} if adapters else {}


def _load(pipeline: Any, name: str, label: str, path: Path, encoders: Sequence[TextEncoder]) -> bool:
    """Load an adapter, and say whether it is a LoRA; the pipeline then knows it by its label."""
    try:
        tensors = load_file(path)
        if any("lora" in key for key in tensors):
            pipeline.load_lora_weights(path, adapter_name=label)
            return True
        words = tensors.values() if len(encoders) == 1 else [tensors[key] for key in WORDS]
        for encoder, word in zip(encoders, words, strict=True):
            parts = {"tokenizer": encoder.tokenizer, "text_encoder": encoder.encoder}
            pipeline.load_textual_inversion(word, token=name, **parts)
    except Exception as error:
        raise CheckpointUnusable(f"the adapter {path} cannot be added: {error!r}") from error
    return False


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
