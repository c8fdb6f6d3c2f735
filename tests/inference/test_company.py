"""The same bytes alone and in any company: requests of many kinds, joining and leaving at any step."""

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from inference_kit import Bystander, a_checkpoint, a_request
from PIL import Image

from inference.checkpoints import Family
from inference.contract import Cancelled, Drawing
from inference.engine import press
from inference.engine.engine import DiffusersEngine
from inference.engine.press import Press, keeps_apart
from inference.engine.rows import Rows, Shape
from inference.protocol import Attempt
from inference.request import ImageRequest, Sampler, Task

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' schedulers meet NumPy 2.4

MIXES = 250
KINDS = 40
PROMPTS = ("a red circle", "a blue house at night", "", "many small fish in the sea")


@dataclass(frozen=True)
class Drawn:
    """What came of a request: final latents and pixels."""

    latents: list[torch.Tensor]
    pixels: list[np.ndarray]

    def same_as(self, other: "Drawn") -> bool:
        return all(map(torch.equal, self.latents, other.latents)) and all(
            map(np.array_equal, self.pixels, other.pixels)
        )


class Company:
    """An engine with a tiny checkpoint, and what it drew. A CPU would choose two rows a call; here there are more."""

    def __init__(
        self,
        folder: Path,
        family: Family = Family.SD1,
        rows: int = 8,
        *,
        low_memory: bool | None = None,
        adapters: Path | None = None,
        **other: tiny.Options,
    ) -> None:
        tiny.make(folder / family, family, **other)
        self.folder = folder
        self.source, self.mask = folder / "source.png", folder / "mask.png"
        Image.effect_noise((64, 64), 80).convert("RGB").save(self.source)
        Image.linear_gradient("L").resize((64, 64)).save(self.mask)
        checkpoint = a_checkpoint(folder / family, family=family, native_side=64, adapters=adapters)
        DiffusersEngine("cpu", {"tiny": checkpoint}, folder, low_memory=low_memory).load("tiny")
        kept = json.loads((folder / "rows.json").read_text())
        (folder / "rows.json").write_text(json.dumps(dict.fromkeys(kept, rows)))
        self.engine = DiffusersEngine("cpu", {"tiny": checkpoint}, folder, low_memory=low_memory)
        self.engine.load("tiny")
        self._begun: dict[str, list[Any]] = {}

    def begin(self, name: str, request: ImageRequest, watch: Bystander | None = None) -> None:
        spool = self.folder / name
        spool.mkdir(exist_ok=True)
        paths = {
            "source_path": None if request.source is None else str(self.source),
            "mask_path": None if request.mask is None else str(self.mask),
        }
        self.engine.begin(Attempt(id=name, request=request, spool=str(spool), **paths), watch or Bystander())
        self._begun[name] = list(self.engine._rota.commissions[-1].paintings())

    def tick(self) -> dict[str, Drawn | Exception]:
        return {name: self._drawn(name, outcome) for name, outcome in self.engine.tick()}

    def all_of(self, count: int) -> dict[str, Drawn | Exception]:
        """Draw on until so many have ended, and return what they came to."""
        made: dict[str, Drawn | Exception] = {}
        while len(made) < count:
            made |= self.tick()
        return made

    def alone(self, request: ImageRequest) -> Drawn:
        self.begin("alone", request)
        outcome = self.all_of(1)["alone"]
        assert isinstance(outcome, Drawn), outcome
        return outcome

    def _drawn(self, name: str, outcome: Drawing | Exception) -> Drawn | Exception:
        if isinstance(outcome, Exception):
            return outcome
        return Drawn(
            [painting.latents for painting in self._begun.pop(name)],
            [np.load(picture.path) for picture in outcome.pictures],
        )


def some_request(dice: random.Random) -> ImageRequest:
    """Return a request of any kind, small and short."""
    values: dict[str, Any] = {
        "prompt": dice.choice(PROMPTS),
        "negative_prompt": dice.choice(PROMPTS),
        "seed": dice.randrange(2**32),
        "num_inference_steps": dice.randint(1, 3),
        "guidance_scale": dice.choice([1.0, 3.0, 7.5]),
        "sampler": dice.choice(list(Sampler)),
        "width": 64,
        "height": dice.choice([64, 64, 64, 96]),
        "count": dice.choice([1, 1, 1, 1, 2]),
    }
    kind = dice.random()
    if kind < 0.2:
        values |= {"task": Task.IMAGE_TO_IMAGE, "source": "0" * 64, "strength": dice.choice([0.0, 0.5, 1.0])}
    elif kind < 0.3:
        values |= {"task": Task.INPAINT, "source": "0" * 64, "mask": "1" * 64, "strength": dice.choice([0.5, 1.0])}
    elif kind < 0.35:
        values |= {
            "task": Task.UPSCALE,
            "source": "0" * 64,
            "strength": 0.4,
            "factor": 2,
            "width": 96,
            "height": 96,
            "count": 1,
        }
    return a_request(**values)


def disturbed(company: Company, solo: dict[ImageRequest, Drawn], mixes: int, seed: int) -> int:
    """Draw so many mixes of requests that come at any step; return how many requests came out other than alone."""
    dice, others = random.Random(seed), 0
    for _ in range(mixes):
        coming = dice.sample(list(solo), dice.randint(2, 3))
        asked = dict(enumerate(coming))
        made: dict[str, Drawn | Exception] = {}
        while len(made) < len(coming):
            if asked and (not company.engine._rota.commissions or dice.random() < 0.5):
                number, request = asked.popitem()
                company.begin(str(number), request)
            made |= company.tick()
        for number, request in enumerate(coming):
            outcome = made[str(number)]
            assert isinstance(outcome, Drawn), outcome
            others += not outcome.same_as(solo[request])
    return others


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return Company(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="module")
def solo(company: Company) -> dict[ImageRequest, Drawn]:
    dice = random.Random(5)
    return {request: company.alone(request) for request in (some_request(dice) for _ in range(KINDS))}


@pytest.mark.parametrize("mixes", [MIXES, pytest.param(1_000, marks=pytest.mark.slow)])
def test_mixes_come_out_as_each_request_does_alone(
    company: Company, solo: dict[ImageRequest, Drawn], mixes: int
) -> None:
    assert disturbed(company, solo, mixes, seed=mixes) == 0


def test_it_would_be_noticed_if_company_mattered(
    company: Company, solo: dict[ImageRequest, Drawn], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With as many rows in a call as are in use, sums are added up in another order."""

    def of_any_width(self: Press, model: Any, parts: list[Rows]) -> list[torch.Tensor]:
        return list(press.call(model, Rows.join(parts, sum(map(len, parts)))).split([len(part) for part in parts]))

    monkeypatch.setattr(Press, "predict", of_any_width)
    monkeypatch.setattr(Press, "room", lambda *_: 8)
    assert disturbed(company, solo, 30, seed=2) > 0


@pytest.mark.parametrize(
    ("family", "unet"),
    [
        (Family.SD2, {}),
        (Family.SDXL, {}),
        pytest.param(Family.SD1, {"in_channels": 9}, id="inpainting"),
        pytest.param(Family.SD1, {"time_cond_proj_dim": 32}, id="lcm"),
    ],
)
def test_the_other_families_keep_apart_too(tmp_path: Path, family: Family, unet: dict[str, int]) -> None:
    company = Company(tmp_path, family, unet=unet)
    dice = random.Random(7)
    requests = {request: company.alone(request) for request in (some_request(dice) for _ in range(8))}
    assert disturbed(company, requests, 30, seed=3) == 0


def test_with_little_memory_they_keep_apart_too(tmp_path: Path) -> None:
    company = Company(tmp_path, low_memory=True)
    dice = random.Random(9)
    requests = [some_request(dice) for _ in range(6)]
    large = [a_request(width=64, height=320, num_inference_steps=2), a_request(width=64, height=320, seed=1, count=2)]
    assert disturbed(company, {request: company.alone(request) for request in (*requests, *large)}, 15, seed=4) == 0


def test_the_self_test_finds_a_unet_that_mixes_its_rows(company: Company, tmp_path: Path) -> None:
    model = company.engine._shelf.take("tiny")
    real = model.unet.forward

    def mixing(sample: torch.Tensor, *args: Any, **options: Any) -> Any:
        return real(sample + 1e-3 * sample.mean(0, keepdim=True), *args, **options)

    with torch.inference_mode():
        assert keeps_apart(model, Shape(8, 8, 77), 4)
        model.unet.forward = mixing
        try:
            assert not keeps_apart(model, Shape(8, 8, 77), 4)
            strict = Press(tmp_path)
            strict.prepare(model)
            assert strict.room(model, Shape(8, 8, 77)) == 0
        finally:
            model.unet.forward = real


def test_with_a_mask_or_without_they_share_their_calls(company: Company) -> None:
    unet, calls = company.engine._shelf.take("tiny").unet, []
    hook = unet.register_forward_pre_hook(lambda *_: calls.append(1))
    size = {"width": 64, "height": 64, "num_inference_steps": 4}
    company.begin("plain", a_request(**size))
    masked = {"task": Task.INPAINT, "source": "0" * 64, "mask": "1" * 64, "strength": 1.0}
    company.begin("masked", a_request(**size, **masked, sampler=Sampler.EULER))
    made = company.all_of(2)
    hook.remove()

    assert all(isinstance(each, Drawn) for each in made.values()), made
    assert len(calls) == 4


def test_who_leaves_in_the_middle_disturbs_nobody(company: Company, solo: dict[ImageRequest, Drawn]) -> None:
    class Leaves(Bystander):
        def wanted(self) -> bool:
            return len(self.steps) < 2

    stays = next(request for request in solo if request.num_inference_steps == 3 and request.count == 1)
    company.begin("leaves", a_request(num_inference_steps=6, width=64, height=64), Leaves())
    company.begin("stays", stays)
    made = company.all_of(2)

    assert isinstance(made["leaves"], Cancelled)
    assert isinstance(made["stays"], Drawn)
    assert made["stays"].same_as(solo[stays])


def test_who_breaks_in_the_middle_takes_nobody_along(
    company: Company, solo: dict[ImageRequest, Drawn], tmp_path: Path
) -> None:
    class Breaks(Bystander):
        def step(self, done: int, of: int) -> None:
            raise ZeroDivisionError

    stays = next(request for request in solo if request.num_inference_steps == 3 and request.count == 1)
    company.begin("breaks", a_request(num_inference_steps=1, width=64, height=64), Breaks())
    company.begin("stays", stays)
    made = company.all_of(2)

    assert isinstance(made["breaks"], ZeroDivisionError)
    assert isinstance(made["stays"], Drawn)
    assert made["stays"].same_as(solo[stays])


def test_the_shortest_is_done_first_and_nobody_waits_for_ever(company: Company) -> None:
    order: list[str] = []
    company.begin("long", a_request(num_inference_steps=30, width=64, height=64))
    for number in range(60):
        company.begin(f"short {number}", a_request(num_inference_steps=2, width=64, height=64))
        for _ in range(2):
            order += company.tick()
    while len(order) < 61:
        order += company.tick()

    assert order[0] == "short 0"
    assert order.index("long") < 60


def test_the_number_of_rows_is_kept_and_told(company: Company) -> None:
    request = a_request(num_inference_steps=1, width=64, height=64)
    spool = str(company.folder)
    drawing = company.engine.draw(Attempt(id="told", request=request, source_path=None, spool=spool), Bystander())

    assert drawing.fingerprint["rows"] == "8"
    assert drawing.seconds > 0
