"""The checkpoints in memory: as many as fit; the one that was not used for longest leaves first."""

import gc
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import psutil
import torch

from inference.checkpoints import Checkpoint
from inference.contract import CheckpointUnusable, OutOfMemory
from inference.engine.adapters import find
from inference.engine.esrgan import load_esrgan
from inference.engine.loading import load, naming
from inference.engine.model import Model
from inference.engine.seat import Seat
from inference.protocol import Loaded
from inference.request import Adapters
from inference.upscalers import UpscalerCheckpoint, UpscalerKind

SHARE = 0.6  #: of the device's memory that weights may take; the rest is for drawing


class Shelf:
    """Keeps checkpoints at hand. `ready` sees every checkpoint that was loaded, before anybody draws with it.

    Where there is a `seat`, they wait in the machine's memory, and a part at a time is on the device.
    """

    def __init__(
        self,
        device: torch.device,
        checkpoints: Mapping[str, Checkpoint],
        cache: Path,
        ready: Callable[[Model], None],
        budget: int | None = None,
        seat: Seat | None = None,
    ) -> None:
        self._device = device
        self._checkpoints = checkpoints
        self._cache = cache
        self._ready = ready
        self._seat = seat
        home = device if seat is None else torch.device("cpu")
        self._budget = int(SHARE * memory_of(home)) if budget is None else budget
        self._models: dict[Loaded, Model] = {}  #: the one that was used last is the last
        self.found = self.loaded = 0  #: how often a checkpoint was in memory, and how often not
        self._left = Counter[str]()  #: what the readers of those that left had counted

    def take(self, name: str, adapters: Adapters = (), in_use: Collection[Loaded] = ()) -> Model:
        """Return a checkpoint, loaded if need be; those in use stay. With other adapters it is another one.

        Raises CheckpointUnusable, Unfeasible for unknown adapters, and OutOfMemory where there might be room without
        those in use.
        """
        key = name, tuple(sorted(adapters))
        if (model := self._models.pop(key, None)) is None:
            model = self._load(key, in_use)
            self.loaded += 1
        else:
            self.found += 1
        self._models[key] = model
        self._make_room(self._budget, {key, *in_use})
        return model

    def held(self) -> dict[Loaded, dict[str, str]]:
        """Return what is in memory, each with its fingerprint."""
        return {key: model.fingerprint for key, model in self._models.items()}

    @property
    def prompts(self) -> Counter[str]:
        """How many prompts of requests were remembered ("found"), and how many not ("encoded")."""
        return sum(map(_prompts_of, self._models.values()), Counter(self._left))

    def free(self) -> None:
        """Give back the memory that nobody uses."""
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _load(self, key: Loaded, in_use: Collection[Loaded]) -> Model:
        name, adapters = key
        if name not in self._checkpoints:
            raise CheckpointUnusable(f'there is no checkpoint "{name}"')
        find(self._checkpoints[name], adapters)  # what is missing is not the checkpoint's fault
        largest = max((model.bytes for model in self._models.values()), default=0)
        self._make_room(self._budget - largest, in_use)  # it is likely to be as large as the others
        try:
            return self._read(key)
        except OutOfMemory:
            self._make_room(0, in_use)
        try:
            return self._read(key)
        except OutOfMemory:
            if in_use:
                raise
        raise CheckpointUnusable(f'checkpoint "{name}": the device has too little memory for it')

    def _read(self, key: Loaded) -> Model:
        name, adapters = key
        with naming(name), torch.inference_mode():
            model = self._load_any(self._checkpoints[name], adapters)
            self._ready(model)
        return model

    def _load_any(self, checkpoint: Checkpoint, adapters: Adapters) -> Model:
        if isinstance(checkpoint, UpscalerCheckpoint) and checkpoint.kind is UpscalerKind.ESRGAN:
            return load_esrgan(checkpoint, self._device, self._cache, self._seat)
        return load(checkpoint, self._device, self._cache, self._seat, adapters)

    def _make_room(self, bytes_left: int, in_use: Collection[Loaded]) -> None:
        """Let go of what was not used for longest, until the rest takes no more than so many bytes."""
        for key in [key for key in self._models if key not in in_use]:
            if sum(model.bytes for model in self._models.values()) <= bytes_left:
                return
            self._left += _prompts_of(self._models.pop(key))
            self.free()


def _prompts_of(model: Model) -> Counter[str]:
    return Counter(found=model.reader.found, encoded=model.reader.encoded)


def memory_of(device: torch.device) -> int:
    """Return the device's memory, in bytes."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return int(psutil.virtual_memory().total)  # type: ignore[no-untyped-call]
