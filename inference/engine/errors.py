"""torch's errors as the worker's."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from inference.contract import DeviceBroken, OutOfMemory

NO_ROOM = ("can't allocate memory", "ALLOC_FAILED")


@contextmanager
def device_errors() -> Iterator[None]:
    """Raise OutOfMemory and DeviceBroken for what torch raises."""
    problem: Exception | None = None
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        problem = OutOfMemory(str(error))
    except RuntimeError as error:
        if (problem := _meaning(error)) is None:
            raise
    if problem is not None:  # raised here, it holds nothing of the failed call, whose tensors can then be freed
        raise problem


def _meaning(error: RuntimeError) -> Exception | None:
    text = str(error)
    if any(sign in text for sign in NO_ROOM):
        return OutOfMemory(text)
    if isinstance(error, torch.AcceleratorError) or "CUDA error" in text:
        return DeviceBroken(text)
    return None
