"""All that decides an engine's numerics, as strings for the record; and the settings that keep them steady."""

import hashlib
import json
import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import torch

from inference.kept_files import locked, replace_text
from inference.numerics import NUMERICS

ENGINE_VERSION = "2"
CHUNK = 2**22


def make_deterministic() -> None:
    """Choose the settings that give the same bits for the same work, and leave a core to the bot.

    To be called before anything is computed: libraries read them when they start.
    """
    os.environ.update(NUMERICS)  # a worker has them already, from before torch was imported
    torch.set_num_threads(max(1, min(torch.get_num_threads(), len(os.sched_getaffinity(0)) - 1)))
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
    torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(False)
    # Which attention is taken then depends on shape and precision alone: the first in the fingerprint that can do it.
    torch.backends.cuda.enable_cudnn_sdp(False)


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
        "attention": _attention(device),
        "weights": weights,
        **libraries,
        **memory,
    }


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        card = torch.cuda.get_device_properties(device)  # there are cards of one name with chips of several sizes
        return f"{card.name}, {card.multi_processor_count} multiprocessors"
    return f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}"


def _attention(device: torch.device) -> str:
    """Return the ways of computing attention that may be taken, the preferred one first."""
    allowed = {
        "flash": torch.backends.cuda.flash_sdp_enabled(),  # type: ignore[no-untyped-call]  # of a CPU as well
        "efficient": device.type == "cuda" and torch.backends.cuda.mem_efficient_sdp_enabled(),  # type: ignore[no-untyped-call]
        "plain": torch.backends.cuda.math_sdp_enabled(),  # type: ignore[no-untyped-call]
        "cudnn": device.type == "cuda" and torch.backends.cuda.cudnn_sdp_enabled(),  # type: ignore[no-untyped-call]
    }
    return ", ".join(name for name, is_allowed in allowed.items() if is_allowed)


def _gpu_libraries() -> dict[str, str]:
    products = "tf32" if torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32 else "full precision"
    workspaces = [os.environ.get(name, "") for name in ("CUBLAS_WORKSPACE_CONFIG", "CUBLASLT_WORKSPACE_SIZE")]
    return {
        "cuda": str(torch.version.cuda),
        "cudnn": str(torch.backends.cudnn.version()),  # type: ignore[no-untyped-call]
        "cublas": " ".join(workspaces),
        "products": products,
        "layout": "channels last",
    }


def _cpu_libraries() -> dict[str, str]:
    return {"threads": str(torch.get_num_threads()), "onednn": str(torch.backends.mkldnn.is_available())}  # type: ignore[no-untyped-call]


def hash_weights(files: Iterable[Path], cache: Path) -> str:
    """Return the SHA-256 over the files' own, in the order of their names; known files are not read again.

    What is known of files that are gone or have changed is forgotten.
    """
    store = cache / "weights.json"
    known = _known(store)
    total = hashlib.sha256()
    for path in sorted(files):
        key = _key(path)
        known[key] = known.get(key) or _hash_file(path)
        total.update(f"{path.name}:{known[key]}\n".encode())
    with locked(store):  # another worker may have added to it meanwhile
        known |= _known(store)
        replace_text(store, json.dumps({key: known[key] for key in known if _is_current(key)}, indent=1))
    return total.hexdigest()


def _known(store: Path) -> dict[str, str]:
    return dict(json.loads(store.read_text())) if store.is_file() else {}


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
