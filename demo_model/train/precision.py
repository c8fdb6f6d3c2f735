"""In what precision networks compute while they learn."""

from collections.abc import Mapping
from typing import Any

import torch

BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")  #: what processors call it, x86-64 and then ARM


def mixed(device: torch.device) -> torch.autocast:
    """Return a context in which networks compute in bfloat16 where the device has instructions for it."""
    quick = device.type != "cpu" or has_bfloat16(torch.cpu.get_capabilities())
    return torch.autocast(device.type, torch.bfloat16, enabled=quick)


def has_bfloat16(processor: Mapping[str, Any]) -> bool:
    """Say whether a processor computes in bfloat16; one that does not takes three times as long as in float32."""
    return any(processor.get(name, False) for name in BFLOAT16)
