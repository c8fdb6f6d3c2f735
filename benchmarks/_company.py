"""Requests of many kinds in one engine, joining and leaving at any step, against what each comes to alone."""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks._engine import Nobody
from inference.checkpoints import Checkpoint
from inference.contract import Drawing, Watch
from inference.engine.engine import DiffusersEngine
from inference.engine.pictures import Picture
from inference.protocol import Attempt
from inference.request import Blended, ImageRequest, Sampler, Task, Variant, Variation
from inference.window import Window

KINDS = 40
PROMPTS = ("a red circle", "a blue house at night", "", "many small fish in the sea")
SOURCE, MASK = "0" * 64, "1" * 64


@dataclass(frozen=True)
class Drawn:
    """What came of a request: final latents and pixels."""

    latents: list[torch.Tensor]
    pixels: list[Picture]

    def same_as(self, other: "Drawn") -> bool:
        """Say whether both are the same to the bit."""
        return all(map(torch.equal, self.latents, other.latents)) and all(
            map(np.array_equal, self.pixels, other.pixels)
        )


Outcome = Drawn | Exception


class Company:
    """An engine with one checkpoint, and what it drew.

    `rows` is how many a call shall have: a CPU would choose two, and then hardly anybody has company.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        folder: Path,
        device: str = "cpu",
        rows: int | None = None,
        *,
        low_memory: bool | None = None,
    ) -> None:
        self.folder = folder
        self.checkpoint = checkpoint
        side = checkpoint.native_side
        self.source, self.mask = folder / "source.png", folder / "mask.png"
        Image.effect_noise((side, side), 80).convert("RGB").save(self.source)
        Image.linear_gradient("L").resize((side, side)).save(self.mask)
        make = partial(DiffusersEngine, device, {checkpoint.name: checkpoint}, folder, low_memory=low_memory)
        self.engine = make()
        self.engine.load(checkpoint.name)
        if rows is not None:
            kept = json.loads((folder / "rows.json").read_text())
            (folder / "rows.json").write_text(json.dumps(dict.fromkeys(kept, rows)))
            self.engine = make()
            self.engine.load(checkpoint.name)
        self._begun: dict[str, list[Any]] = {}

    def begin(self, name: str, request: ImageRequest, watch: Watch | None = None) -> None:
        """Let the engine begin a request, under a name."""
        spool = self.folder / name
        spool.mkdir(exist_ok=True)
        attempt = Attempt(
            id=name,
            request=request,
            source_path=None if request.source is None else str(self.source),
            mask_path=None if request.mask is None else str(self.mask),
            blended_paths=(str(self.source), str(self.mask))[: len(request.blended)],
            spool=str(spool),
        )
        self.engine.begin(attempt, watch or Nobody())
        self._begun[name] = list(self.engine._rota.commissions[-1].paintings())

    def tick(self) -> dict[str, Outcome]:
        """Let the engine take a step; return what ended, by its name."""
        return {name: self._drawn(name, outcome) for name, outcome in self.engine.tick()}

    def all_of(self, count: int) -> dict[str, Outcome]:
        """Draw on until so many have ended, and return what they came to."""
        made: dict[str, Outcome] = {}
        while len(made) < count:
            made |= self.tick()
        return made

    def alone(self, request: ImageRequest) -> Drawn:
        """Return what a request comes to with nobody beside it."""
        self.begin("alone", request)
        outcome = self.all_of(1)["alone"]
        assert isinstance(outcome, Drawn), outcome
        return outcome

    def each_alone(self, requests: Iterable[ImageRequest]) -> dict[ImageRequest, Drawn]:
        """Return what each request comes to with nobody beside it."""
        return {request: self.alone(request) for request in requests}

    def some_request(self, dice: random.Random) -> ImageRequest:
        """Return a request of any kind, small and short."""
        side = self.checkpoint.native_side
        values: dict[str, Any] = {
            "checkpoint": self.checkpoint.name,
            "prompt": dice.choice(PROMPTS),
            "negative_prompt": dice.choice(PROMPTS),
            "seed": dice.randrange(2**32),
            "num_inference_steps": dice.randint(1, 3),
            "guidance_scale": dice.choice([1.0, 3.0, 7.5]),
            "sampler": dice.choice(list(Sampler)),
            "width": side,
            "height": dice.choice([side, side, side, side * 3 // 2]),
            "count": dice.choice([1, 1, 1, 1, 2]),
        }
        kind = dice.random()
        if kind < 0.2:
            values |= {"task": Task.IMAGE_TO_IMAGE, "source": SOURCE, "strength": dice.choice([0.0, 0.5, 1.0])}
        elif kind < 0.3:
            values |= {"task": Task.INPAINT, "source": SOURCE, "mask": MASK, "strength": dice.choice([0.5, 1.0])}
        elif kind < 0.35:
            large = side * 3 // 2
            values |= {"task": Task.UPSCALE, "source": SOURCE, "strength": 0.4, "factor": 2, "count": 1}
            values |= {"width": large, "height": large}
        elif kind < 0.4:
            window = Window(left=side // 4, top=-side // 4, width=side, height=side)
            values |= {"task": Task.OUTPAINT, "source": SOURCE, "window": window, "strength": 1.0, "height": side}
        elif kind < 0.45:
            parts = tuple(Blended(source=source, prompt=dice.choice(PROMPTS)) for source in (SOURCE, MASK))
            values |= {"task": Task.BLEND, "blended": parts, "strength": 0.7}
        elif kind < 0.5:
            values |= {"variations": (Variation(seed=dice.randrange(2**32), strength=dice.random()),)}
        elif kind < 0.55:
            variants = Variant(prompt=dice.choice(PROMPTS)), Variant(sampler=dice.choice(list(Sampler)))
            values |= {"variants": variants, "count": len(variants)}
        return ImageRequest(**values)

    def disturbed(self, solo: dict[ImageRequest, Drawn], mixes: int, seed: int) -> int:
        """Draw so many mixes of requests that come at any step; return how many came out other than alone."""
        dice = random.Random(seed)
        return sum(self._disturbed_once(solo, dice) for _ in range(mixes))

    def _disturbed_once(self, solo: dict[ImageRequest, Drawn], dice: random.Random) -> int:
        coming = dice.sample(list(solo), dice.randint(2, 3))
        asked, made = dict(enumerate(coming)), dict[str, Outcome]()
        while len(made) < len(coming):
            if asked and (not self.engine._rota.commissions or dice.random() < 0.5):
                number, request = asked.popitem()
                self.begin(str(number), request)
            made |= self.tick()
        return sum(not _is(made[str(number)], solo[request]) for number, request in enumerate(coming))

    def _drawn(self, name: str, outcome: Drawing | Exception) -> Outcome:
        if isinstance(outcome, Exception):
            return outcome
        return Drawn(
            [painting.latents.cpu() for painting in self._begun.pop(name)],
            [np.load(picture.path) for picture in outcome.pictures],
        )


def _is(outcome: Outcome, drawn: Drawn) -> bool:
    assert isinstance(outcome, Drawn), outcome
    return outcome.same_as(drawn)
