"""How much memory does /upscale take, and does that grow with the picture?

Each case is drawn alone in a process of its own, as a worker draws with little memory, one step to a tile: more steps
take longer, not more room. On a GPU the figures are what torch has allocated at most; on a CPU by how much the process
grew beyond what it was once the weights were loaded. `--full` takes networks of the real sizes with random weights;
what they are made for is a GPU, and a CPU holds them in float32, which takes twice the room. `--reckon` computes what
these would take on a GPU without one: the weights, and the most that the results of all operations of a call take at
once, in bfloat16; the workspaces of libraries come on top of that.
"""

import argparse
import json
import resource
import tempfile
import weakref
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from benchmarks._architectures import CLIP_H, CROSS, PLAIN, SMALL_TEXT, SMALL_UNET, SMALL_VAE, VAE, Architecture
from benchmarks._bot import report
from benchmarks._checkpoints import SCHEDULER, make, networks
from benchmarks._engine import Studio
from config.settings import load_settings
from inference.checkpoints import Checkpoint, Family, load_checkpoints
from inference.engine.engine import DiffusersEngine
from inference.request import Sampler, Task
from inference.upscalers import UpscalerCheckpoint, UpscalerKind

FACTOR = 4
SIDES = (128, 256, 512)
SEES = {"in_channels": 7, "out_channels": 4, "num_class_embeds": 1000}

SMALL_X4 = Architecture(
    family=Family.SD2,
    side=512,
    blocks=(PLAIN, CROSS),
    unet=SMALL_UNET | SEES,
    vae=SMALL_VAE | {"block_out_channels": (8, 8, 8)},
    texts=(SMALL_TEXT,),
)
X4 = Architecture(  # as stabilityai/stable-diffusion-x4-upscaler has it
    family=Family.SD2,
    side=512,
    blocks=(PLAIN, CROSS, CROSS, CROSS),
    unet=SEES
    | {
        "sample_size": 128,
        "block_out_channels": (256, 512, 512, 1024),
        "cross_attention_dim": 1024,
        "attention_head_dim": 8,
        "only_cross_attention": (True, True, True, False),
        "use_linear_projection": True,
    },
    vae=VAE | {"block_out_channels": (128, 256, 512), "sample_size": 256, "scaling_factor": 0.08333},
    texts=(CLIP_H,),
)


def measure(device: str, sides: tuple[int, ...], *, full: bool) -> dict[str, Any]:
    """Return the peaks of every way and size, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        way = "diffusion x4, full" if full else "diffusion x4, small"
        entries = {"demo, redrawn": _demo(), way: _upscaler(Path(folder) / "x4", X4 if full else SMALL_X4, device)}
        return {
            name: {f"{side} to {side * FACTOR}": _alone(partial(peak, device, entry, side)) for side in sides}
            for name, entry in entries.items()
        }


def peak(device: str, entry: Checkpoint, side: int) -> dict[str, float]:
    """Return what the weights take and what a picture's enlargement takes beside them at most, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        engine = DiffusersEngine(device, {entry.name: entry}, Path(folder), low_memory=device != "cpu")
        engine.load(entry.name)
        before = _now(device)
        picture = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
        larger = {"width": side * FACTOR, "height": side * FACTOR, "factor": FACTOR}
        Studio(engine, entry, Path(folder)).draw("a picture", source=picture, **larger | _settings(entry))
        most = _most(device)
    return {"loaded_mb": round(before), "peak_mb": round(most), "growth_mb": round(most - before)}


class Tally(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes that tensors take at once."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.most = 0
        self._live: dict[int, int] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in tree_iter(made):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage())
        return made

    def _count(self, storage: torch.UntypedStorage) -> None:
        if storage._cdata not in self._live:
            self._live[storage._cdata] = storage.nbytes()
            weakref.finalize(storage, self._live.pop, storage._cdata)
            self.most = max(self.most, sum(self._live.values()))


@torch.inference_mode()
def reckon() -> dict[str, Any]:
    """Return what a tile of the real upscaler would take in bfloat16, in MB: two rows in the UNet, then the decoder."""
    kind, tile = torch.bfloat16, X4.side // FACTOR
    with torch.device("meta"):
        parts = {name: network.to(kind).eval() for name, network in networks(X4).items()}
        weights = {name: sum(weight.nbytes for weight in part.parameters()) for name, part in parts.items()}
        latents, tokens = torch.empty(2, 7, tile, tile, dtype=kind), torch.empty(2, 77, 1024, dtype=kind)
        with Tally() as unet:
            parts["unet"](latents, 1, encoder_hidden_states=tokens, class_labels=torch.zeros(2, dtype=torch.long))
        finished = torch.empty(1, 4, tile, tile, dtype=kind)
        with Tally() as vae:
            parts["vae"].decode(finished)
    peaks = {"unet": unet.most, "decoder": vae.most}
    return {
        name: {part: round(size / 1e6) for part, size in sizes.items()}
        for name, sizes in (("weights_mb", weights), ("beside_mb", peaks))
    }


def _demo() -> Checkpoint:
    demo = load_checkpoints(load_settings().models)["demo"]
    return demo.model_copy(update={"upscaler": None})


def _settings(entry: Checkpoint) -> dict[str, Any]:
    strength = 1.0 if isinstance(entry, UpscalerCheckpoint) else 0.05
    steps = 1 if isinstance(entry, UpscalerCheckpoint) else 20
    return {"task": Task.UPSCALE, "strength": strength, "num_inference_steps": steps}


def _upscaler(folder: Path, architecture: Architecture, device: str) -> UpscalerCheckpoint:
    plain = make(architecture, folder, device=device)
    low_res = {"_class_name": "DDPMScheduler", "beta_schedule": "squaredcos_cap_v2"}
    (folder / "low_res_scheduler").mkdir()
    (folder / "low_res_scheduler" / "scheduler_config.json").write_text(json.dumps(SCHEDULER | low_res))
    return UpscalerCheckpoint(
        name="x4",
        title="Random weights",
        kind=UpscalerKind.DIFFUSION,
        factor=FACTOR,
        weights=plain.weights,
        sampler=Sampler.DDIM,
        guidance_scale=9.0,
        licence="none",
        licence_url="LICENSE",
        image_check="closed world",
    )


def _alone(work: partial[dict[str, float]]) -> dict[str, float]:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work).result()


def _now(device: str) -> float:
    if device == "cpu":
        return float(psutil.Process().memory_info().rss) / 1e6  # type: ignore[no-untyped-call]
    torch.cuda.reset_peak_memory_stats(device)
    return torch.cuda.memory_allocated(device) / 1e6


def _most(device: str) -> float:
    if device == "cpu":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return torch.cuda.max_memory_allocated(device) / 1e6


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--sides", type=int, nargs="+", default=SIDES)
    parser.add_argument("--reckon", action="store_true")
    arguments = parser.parse_args()
    sides = tuple(arguments.sides)
    figures = reckon() if arguments.reckon else measure(arguments.device, sides, full=arguments.full)
    report(figures, arguments.json)
