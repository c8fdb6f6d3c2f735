"""All that decides an engine's numerics, as strings for the record; and the settings that keep them steady."""

import hashlib
import json
import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import torch

ENGINE_VERSION = "2"
CHUNK = 2**22


def make_deterministic() -> None:
    """Choose the settings that give the same bits for the same work, and leave a core to the bot."""
    torch.set_num_threads(max(1, min(torch.get_num_threads(), len(os.sched_getaffinity(0)) - 1)))
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False


def fingerprint(device: torch.device, dtype: torch.dtype, weights: str, *, low_memory: bool = False) -> dict[str, str]:
    """Return the fingerprint of a checkpoint on a device; `weights` is from hash_weights."""
    libraries = _gpu_libraries() if device.type == "cuda" else _cpu_libraries()
    memory = {"memory": "low"} if low_memory else {}  # so that records from before there was a choice stay as they are
    return {
        "engine": ENGINE_VERSION,
        "torch": torch.__version__,
        "diffusers": version("diffusers"),
        "transformers": version("transformers"),
        "device": _device_name(device),
        "dtype": str(dtype).removeprefix("torch."),
        "attention": "scaled_dot_product_attention",
        "weights": weights,
        **libraries,
        **memory,
    }


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}"


def _gpu_libraries() -> dict[str, str]:
    return {"cuda": str(torch.version.cuda), "cudnn": str(torch.backends.cudnn.version())}  # type: ignore[no-untyped-call]


def _cpu_libraries() -> dict[str, str]:
    return {"threads": str(torch.get_num_threads()), "onednn": str(torch.backends.mkldnn.is_available())}  # type: ignore[no-untyped-call]


def hash_weights(files: Iterable[Path], cache: Path) -> str:
    """Return the SHA-256 over the files' own, in the order of their names; known files are not read again.

    What is known of files that are gone or have changed is forgotten.
    """
    store = cache / "weights.json"
    known: dict[str, str] = json.loads(store.read_text()) if store.is_file() else {}
    total = hashlib.sha256()
    for path in sorted(files):
        key = _key(path)
        known[key] = known.get(key) or _hash_file(path)
        total.update(f"{path.name}:{known[key]}\n".encode())
    replace_text(store, json.dumps({key: known[key] for key in known if _is_current(key)}, indent=1))
    return total.hexdigest()


def _key(path: Path) -> str:
    status = path.stat()
    return f"{path.resolve()}:{status.st_size}:{status.st_mtime_ns}"


def _is_current(key: str) -> bool:
    path = Path(key.rsplit(":", 2)[0])
    return path.is_file() and _key(path) == key


def _hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def replace_text(path: Path, text: str) -> None:
    """Write a file so that nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_text(text)
    unfinished.replace(path)
