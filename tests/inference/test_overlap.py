"""While one request's picture is decoded, the others' steps go on."""

from pathlib import Path
from typing import Any

import pytest
from inference_kit import Bystander, a_request

from benchmarks._architectures import SMALL
from benchmarks._checkpoints import make
from benchmarks._company import Company

SIZE: dict[str, Any] = {"width": 64, "height": 64, "guidance_scale": 1.0}


class Diary(Bystander):
    """Writes down whose steps are taken."""

    def __init__(self, name: str, events: list[str]) -> None:
        super().__init__()
        self._name = name
        self._events = events

    def step(self, done: int, of: int) -> None:
        self._events.append(f"step of {self._name}")

    def wants_preview(self) -> bool:
        return False


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(make(SMALL, tmp_path / "random").model_copy(update={"name": "tiny"}), tmp_path, rows=8)


@pytest.fixture
def events(company: Company) -> Any:
    """What happens in the engine: steps, by their watch, and decodings."""
    happened: list[str] = []
    model = company.engine._shelf.take("tiny")
    hook = model.vae.decoder.register_forward_hook(lambda *_: happened.append("decoding"))
    yield happened
    hook.remove()


def test_a_step_waits_for_one_decoding_at_most(company: Company, events: list[str]) -> None:
    for name in ("one", "two", "three"):
        company.begin(name, a_request(num_inference_steps=2, **SIZE), Diary(name, events))
    company.begin("long", a_request(num_inference_steps=6, **SIZE), Diary("long", events))
    ended = [name for _ in range(6) for name in company.tick()]

    between = " ".join(events).split("step of long")
    assert [part.count("decoding") for part in between] == [0, 0, 1, 1, 1, 0, 1]
    assert ended == ["one", "two", "three", "long"]


def test_where_nobody_waits_for_a_step_all_are_decoded(company: Company, events: list[str]) -> None:
    for name in ("one", "two", "three"):
        company.begin(name, a_request(num_inference_steps=1, **SIZE), Diary(name, events))

    assert sorted(company.tick()) == ["one", "three", "two"]
    assert events == ["step of one", "step of two", "step of three"] + ["decoding"] * 3


def test_who_leaves_while_pictures_are_decoded_is_let_go(company: Company, events: list[str]) -> None:
    class Leaves(Diary):
        def wanted(self) -> bool:
            return "step of leaves" not in self._events

    company.begin("first", a_request(num_inference_steps=1, **SIZE), Diary("first", events))
    company.begin("leaves", a_request(num_inference_steps=1, **SIZE), Leaves("leaves", events))
    company.begin("long", a_request(num_inference_steps=3, **SIZE), Diary("long", events))
    ended = [name for _ in range(3) for name in company.tick()]

    assert ended == ["first", "leaves", "long"]
    assert events.count("decoding") == 2
