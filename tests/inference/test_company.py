"""The same bytes alone and in any company: requests of many kinds, joining and leaving at any step."""

import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from inference_kit import Bystander, a_checkpoint, a_request

from benchmarks._architectures import SMALL
from benchmarks._checkpoints import make
from benchmarks._company import KINDS, Company, Drawn
from inference.checkpoints import Checkpoint, Family
from inference.choices import ChoiceFile
from inference.contract import Cancelled
from inference.engine.capture import call
from inference.engine.press import Press, keeps_apart
from inference.engine.rows import Rows, Shape
from inference.protocol import Attempt
from inference.request import ImageRequest, Sampler, Task

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' schedulers meet NumPy 2.4


def a_company(folder: Path, checkpoint: Checkpoint, *, low_memory: bool | None = None) -> Company:
    """A CPU would choose two rows a call; here there are more."""
    return Company(checkpoint.model_copy(update={"name": "tiny"}), folder, rows=8, low_memory=low_memory)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("company")
    return a_company(folder, make(SMALL, folder / "random"))


@pytest.fixture(scope="module")
def solo(company: Company) -> dict[ImageRequest, Drawn]:
    dice = random.Random(5)
    return company.each_alone(company.some_request(dice) for _ in range(KINDS))


@pytest.mark.timeout(400)
@pytest.mark.parametrize("mixes", [100, pytest.param(1_000, marks=pytest.mark.slow)])
def test_mixes_come_out_as_each_request_does_alone(
    company: Company, solo: dict[ImageRequest, Drawn], mixes: int
) -> None:
    assert company.disturbed(solo, mixes, seed=1) == 0


def test_it_would_be_noticed_if_company_mattered(
    company: Company, solo: dict[ImageRequest, Drawn], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With as many rows in a call as are in use, sums are added up in another order."""

    def of_any_width(self: Press, model: Any, parts: list[Rows]) -> list[torch.Tensor]:
        return list(call(model, Rows.join(parts, sum(map(len, parts)))).split([len(part) for part in parts]))

    monkeypatch.setattr(Press, "predict", of_any_width)
    monkeypatch.setattr(Press, "room", lambda *_: 8)
    assert company.disturbed(solo, 30, seed=2) > 0


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
    tiny.make(tmp_path / family, family, unet=unet)
    company = a_company(tmp_path, a_checkpoint(tmp_path / family, family=family, native_side=64))
    dice = random.Random(7)
    solo = company.each_alone(company.some_request(dice) for _ in range(8))
    assert company.disturbed(solo, 15, seed=3) == 0


def test_with_little_memory_they_keep_apart_too(tmp_path: Path) -> None:
    tiny.make(tmp_path / "sd1", Family.SD1)
    company = a_company(tmp_path, a_checkpoint(tmp_path / "sd1", native_side=64), low_memory=True)
    dice = random.Random(9)
    requests = [company.some_request(dice) for _ in range(6)]
    large = [a_request(width=64, height=320, num_inference_steps=2), a_request(width=64, height=320, seed=1, count=2)]
    assert company.disturbed(company.each_alone([*requests, *large]), 15, seed=4) == 0


def test_the_self_test_finds_a_unet_that_mixes_its_rows(company: Company, tmp_path: Path) -> None:
    model = company.engine._shelf.take("tiny")
    real = model.unet.forward

    def mixing(sample: torch.Tensor, *args: Any, **options: Any) -> Any:
        return real(sample + 1e-3 * sample.mean(0, keepdim=True), *args, **options)

    with torch.inference_mode():
        assert keeps_apart(model, Shape(8, 8, 77), 4, partial(call, model))
        model.unet.forward = mixing
        try:
            assert not keeps_apart(model, Shape(8, 8, 77), 4, partial(call, model))
            strict = Press(tmp_path, ChoiceFile(tmp_path / "rows.json"))
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

    assert drawing.pictures[0].fingerprint["rows"] == "8"
    assert drawing.seconds > 0
