"""Calls of a UNet made cheap on a GPU: fused by the compiler where that pays, and recorded once for every shape.

A recorded call launches hundreds of kernels at once; played again it computes the same, from the same memory.
"""

import logging
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from inference.engine.model import Model
from inference.engine.rows import Rows

WARM_UPS = 3  #: calls before one is recorded: libraries set themselves up in the first ones

Ask = Callable[[Rows], torch.Tensor]  #: the UNet's answer to rows of one shape

log = logging.getLogger(__name__)


class Plate:
    """A recorded call. One thread plays it, so all of a device share the `pool` that their answers are made in."""

    def __init__(self, ask: Ask, rows: Rows, pool: Any) -> None:
        self._rows = rows.map(torch.clone)
        stream = torch.cuda.Stream(rows.latents.device)  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream(rows.latents.device))
        with torch.cuda.stream(stream):
            for _ in range(WARM_UPS):
                ask(self._rows)
        torch.cuda.current_stream(rows.latents.device).wait_stream(stream)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, pool=pool):
            self._answer = ask(self._rows)

    def __call__(self, rows: Rows) -> torch.Tensor:
        """Return the answer to rows of the shape that was recorded; the next call leaves it as it is."""
        self._rows.take(rows)
        self._graph.replay()
        return self._answer.clone()


@torch.inference_mode()
def call(model: Model, rows: Rows, unet: Any = None) -> torch.Tensor:
    """Return the UNet's answer, or that of a compiled one."""
    asked = model.unet if unet is None else unet
    answer: torch.Tensor = asked(
        rows.latents,
        rows.timesteps,
        encoder_hidden_states=rows.tokens,
        class_labels=rows.levels,
        timestep_cond=rows.guidance,
        added_cond_kwargs=rows.added(),
        return_dict=False,
    )[0]
    return answer


class Recorder:
    """Records calls on a GPU; on a CPU there is nothing to record, and calls stay what they are."""

    def __init__(self, cache: Path) -> None:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(cache.resolve() / "compiled")
        self._pool: Any = None

    def eager(self, model: Model, rows: Rows) -> Ask:
        """Return a way to ask the checkpoint's UNet for answers to such rows."""
        return self._record(model, partial(call, model), rows)

    def compiled(self, model: Model, rows: Rows) -> Ask:
        """Return the same with the UNet compiled for their shape. Raises whatever the compiler does."""
        from torch._inductor import config as inductor  # late: a worker that compiles nothing starts sooner

        began = time.perf_counter()
        with inductor.patch(deterministic=True):  # nothing is chosen by timing: a restart could choose otherwise
            ask = partial(call, model, unet=torch.compile(model.unet, dynamic=False))
            ask(rows)
        log.info("%s: compiled in %.0f s", model.checkpoint.name, time.perf_counter() - began)
        return self._record(model, ask, rows)

    def _record(self, model: Model, ask: Ask, rows: Rows) -> Ask:
        # A recording reads weights from where they lay, and with little memory they do not stay there.
        if model.device.type != "cuda" or model.low_memory:
            return ask
        self._pool = self._pool or torch.cuda.graph_pool_handle()
        return Plate(ask, rows, self._pool)
