"""Does a picture depend on what is drawn beside it? Random mixes of requests, each against its solo run.

`other`: how many requests came out with other latents or pixels than alone; 0 is the promise. `kept_apart`: whether the
engine's self-test let rows of different people share a call; where it did not, nobody had company. On a GPU in full
size: `python -m benchmarks.company --device cuda --architecture sd15 --mixes 1000`.
"""

import argparse
import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks._architectures import ARCHITECTURES
from benchmarks._bot import report
from benchmarks._checkpoints import make
from benchmarks._company import KINDS, Company
from inference.engine.press import native_shape

CPU_ROWS = 8


def measure(device: str, architecture: str, mixes: int, seed: int) -> dict[str, Any]:
    """Return the figures."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        checkpoint = make(ARCHITECTURES[architecture], folder / "random", device=device)
        company = Company(checkpoint, folder, device, CPU_ROWS if device == "cpu" else None)
        dice = random.Random(seed)
        solo = company.each_alone(company.some_request(dice) for _ in range(KINDS))
        began = time.perf_counter()
        other = company.disturbed(solo, mixes, seed)
        seconds = time.perf_counter() - began
        return {"mixes": mixes, "other": other, "seconds": round(seconds, 1)} | _how(company)


def _how(company: Company) -> dict[str, Any]:
    """Return what the engine knows of its rows."""
    press, model = company.engine._press, company.engine._shelf.take(company.checkpoint.name)
    return {
        "rows": press.width(model, native_shape(model)),
        "kept_apart": all(model.apart.values()),
        "device": model.fingerprint["device"],
        "dtype": model.fingerprint["dtype"],
        "kernels": press.kernels(model, native_shape(model)) or "eager",
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--architecture", choices=ARCHITECTURES, default="small")
    parser.add_argument("--mixes", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    report(measure(arguments.device, arguments.architecture, arguments.mixes, arguments.seed), arguments.json)
