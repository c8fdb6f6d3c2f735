"""The device's only seat, for devices with little memory: one part of a checkpoint works, the others wait outside."""

import logging
from typing import Any
from weakref import ref

import torch
from accelerate.hooks import ModelHook, add_hook_to_module
from accelerate.utils.operations import send_to_device

log = logging.getLogger(__name__)


class Seat(ModelHook):
    """Lets a part onto the device when it is called, and whoever was there back into the machine's memory.

    Parts are text encoders, UNets and VAEs of all checkpoints; diffusers' VAEs call the hook when they encode or
    decode, too.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._sits: Any = lambda: None

    @torch.inference_mode()
    def offer(self, part: torch.nn.Module) -> None:
        """Let a part take the seat whenever it is called, and wait outside until then."""
        add_hook_to_module(part.to("cpu"), self)

    def pre_forward(self, module: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Seat the part that is called; return what it is called with, on the device."""
        if self._sits() is not module:
            self._change(module)
        brought: tuple[Any, Any] = send_to_device((args, kwargs), self._device)  # type: ignore[no-untyped-call]
        return brought

    @torch.inference_mode()  # as the weights were made: moved outside of it they could not be worked with
    def _change(self, module: Any) -> None:
        if (before := self._sits()) is not None:
            before.to("cpu")
            del before
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        log.debug("%s takes the seat", type(module).__name__)
        module.to(self._device)
        self._sits = ref(module)  # a checkpoint that leaves memory is not kept for its seat
