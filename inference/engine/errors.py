"""torch's errors as the worker's."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from inference.contract import DeviceBroken, OutOfMemory

NO_ROOM = ("can't allocate memory", "ALLOC_FAILED")


@contextmanager
def device_errors() -> Iterator[None]:
    """Raise OutOfMemory and DeviceBroken for what torch raises."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemory(str(error)) from None
    except RuntimeError as error:
        text = str(error)
        if any(sign in text for sign in NO_ROOM):
            raise OutOfMemory(text) from None
        if isinstance(error, torch.AcceleratorError) or "CUDA error" in text:
            raise DeviceBroken(text) from error
        raise
