"""An engine whose fingerprint tells which settings hold in its process. The worker loads it by its name."""

import os

import torch

from inference.engine.engine import DiffusersEngine
from inference.numerics import NUMERICS
from inference.request import Adapters

FLAGS = {
    "cudnn.benchmark": lambda: torch.backends.cudnn.benchmark,
    "cudnn.allow_tf32": lambda: torch.backends.cudnn.allow_tf32,
    "matmul.allow_tf32": lambda: torch.backends.cuda.matmul.allow_tf32,
    "matmul.fp16": lambda: torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction,
    "matmul.bf16": lambda: torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction,
    "cudnn attention": torch.backends.cuda.cudnn_sdp_enabled,
}


class TellingEngine(DiffusersEngine):
    """The product's engine, talkative."""

    def load(self, checkpoint: str, adapters: Adapters = ()) -> dict[str, str]:
        flags = {name: str(read()) for name, read in FLAGS.items()}
        environment = {name: os.environ.get(name, "") for name in NUMERICS}
        return super().load(checkpoint, adapters) | flags | environment
