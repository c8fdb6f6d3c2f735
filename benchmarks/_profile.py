"""What the device did while the engine was under full load."""

import time
from pathlib import Path
from typing import Any

from torch.profiler import ProfilerActivity, profile

from benchmarks._requests import usual
from benchmarks._ways import Together
from inference.checkpoints import Checkpoint
from inference.engine.engine import DiffusersEngine

LARGEST = 10


def busiest(engine: DiffusersEngine, checkpoint: Checkpoint, folder: Path, device: str) -> dict[str, Any]:
    """Return the share of the time in which the device worked, and that of the kernels that took most.

    The engine draws as many usual requests as it takes at once.
    """
    kind = "CUDA" if device.startswith("cuda") else "CPU"
    way = Together(engine, folder)
    for number in range(engine.lanes):
        way.take(number, usual(checkpoint, number))
    with profile(activities=[getattr(ProfilerActivity, kind)]) as profiler:
        began = time.perf_counter()
        while way.busy:
            way.work()
        wall = time.perf_counter() - began
    taken = {
        event.key: _own(event, kind) / 1e6 / wall for event in profiler.key_averages() if event.device_type.name == kind
    }
    largest = sorted(taken, key=lambda name: -taken[name])[:LARGEST]
    return {
        "device_busy": round(sum(taken.values()), 3),
        "largest": {name[:60]: round(taken[name], 3) for name in largest},
    }


def _own(event: Any, kind: str) -> float:
    """Return the microseconds of the event itself."""
    return float(event.self_device_time_total if kind == "CUDA" else event.self_cpu_time_total)
