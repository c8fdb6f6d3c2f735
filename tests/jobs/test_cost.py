"""What requests are expected to cost."""

import math
from itertools import product
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jobs_kit import request

from inference.request import Blended, ImageRequest, Sampler, Task, Variant
from inference.window import Window
from jobs.cost import PRIOR, REMEMBERED, CostModel, terms

MACHINE = np.array([3.0, 0.01, 0.2, 0.6, 1.5])  # a machine that is not the prior's
SOURCE = {"source": "0" * 64}
WINDOW = Window(left=0, top=0, width=64, height=64)
BLEND = (Blended(source="0" * 64, prompt=""), Blended(source="1" * 64, prompt=""))
SIDES = (256, 384, 512)


def spread(number: int, seed: int = 1, sides: tuple[int, ...] = SIDES) -> list[ImageRequest]:
    """Return requests of all sorts."""
    dice = np.random.default_rng(seed)
    return [
        request(
            width=int(dice.choice(sides)),
            height=int(dice.choice(sides)),
            num_inference_steps=int(dice.integers(1, 31)),
            guidance_scale=float(dice.choice([1.0, 3.0])),
            count=int(dice.integers(1, 5)),
        )
        for _ in range(number)
    ]


def taught(requests: list[ImageRequest], noise: float = 0.0, asleep: float = 0.0) -> CostModel:
    """Return a model that saw them on the machine, whose clock ran on while it slept in that share of them."""
    dice, model = np.random.default_rng(2), CostModel()
    for asked in requests:
        slept = dice.uniform(10, 1000) if dice.random() < asleep else 1.0
        model.observe(asked, seconds(asked) * math.exp(dice.normal(0, noise)) * slept)
    return model


def seconds(asked: ImageRequest) -> float:
    return float(terms(asked) @ MACHINE)


def errors(model: CostModel, requests: list[ImageRequest]) -> list[float]:
    return [abs(model.estimate(asked) / seconds(asked) - 1) for asked in requests]


def test_an_estimate_follows_what_requests_took() -> None:
    model = CostModel()
    model.observe(request(), 8.0)

    assert model.estimate(request()) == pytest.approx(8.0)
    assert model.estimate(request(count=3)) == pytest.approx(24.0)


@pytest.mark.parametrize("unbelievable", [math.nan, math.inf, -math.inf, -1.0, 0.0, 1e300, 5e-324])
def test_nothing_is_learnt_from_a_time_that_cannot_be(unbelievable: float) -> None:
    model = CostModel()
    model.observe(request(), unbelievable)
    assert not model.knows("demo")

    model.observe(request(), 8.0)
    model.observe(request(), unbelievable)

    assert model.estimate(request()) == pytest.approx(8.0)


def test_several_different_pictures_cost_what_they_cost_alone() -> None:
    model = CostModel()
    variants = (Variant(num_inference_steps=40), Variant(guidance_scale=1.0))
    together = request(variants=variants, count=2)

    assert model.estimate(together) == pytest.approx(sum(map(model.estimate, together.singles())))
    assert model.estimate(request(variants=variants[:1])) > 1.5 * model.estimate(request(variants=variants[1:]))


def test_a_machine_is_known_after_requests_of_all_sorts() -> None:
    assert max(errors(taught(spread(40)), spread(40, seed=3))) < 0.03


def test_noise_of_a_tenth_is_mostly_averaged_out() -> None:
    found = errors(taught(spread(60), noise=0.1), spread(40, seed=3))

    assert median(found) < 0.05
    assert max(found) < 0.2


def test_small_pictures_tell_what_large_ones_take() -> None:
    """Within a quarter: how attention grows with the area, small pictures tell only in part."""
    model = taught(spread(40, sides=(256,)), noise=0.05)

    assert max(errors(model, spread(40, seed=3, sides=(512,)))) < 0.25


def test_one_observation_scales_every_size() -> None:
    model = CostModel()
    model.observe(request(num_inference_steps=20), 10 * float(terms(request(num_inference_steps=20)) @ PRIOR))

    for asked in spread(20):
        assert model.estimate(asked) == pytest.approx(10 * float(terms(asked) @ PRIOR))


@pytest.mark.parametrize("asleep", [0.1, 0.3])
def test_a_machine_that_slept_now_and_then_is_known_still(asleep: float) -> None:
    assert max(errors(taught(spread(60), noise=0.05, asleep=asleep), spread(40, seed=3))) < 0.15


def test_the_lower_of_two_times_is_believed_first() -> None:
    model = CostModel()
    model.observe(request(), 4000.0)
    model.observe(request(), 4.0)

    assert model.estimate(request()) == pytest.approx(4.0, rel=0.2)


@pytest.mark.parametrize("change", [0.5, 3.0])
def test_a_machine_whose_speed_has_changed_is_known_again_after_twenty_requests(change: float) -> None:
    model = taught(spread(REMEMBERED), noise=0.05)
    for asked in spread(20, seed=4):
        model.observe(asked, change * seconds(asked))

    assert all(abs(model.estimate(asked) / (change * seconds(asked)) - 1) < 0.15 for asked in spread(20, seed=3))


def test_checkpoints_are_known_apart() -> None:
    model = CostModel()
    guess = model.estimate(request(checkpoint="other"))
    model.observe(request(), 100.0)

    assert model.estimate(request(checkpoint="other")) == guess


@pytest.mark.parametrize(
    ("changes", "calls"),
    [
        ({"num_inference_steps": 10}, 10),
        ({"num_inference_steps": 10, "count": 3}, 30),
        ({"num_inference_steps": 10, "sampler": Sampler.HEUN}, 19),
        ({"task": Task.IMAGE_TO_IMAGE, "strength": 0.5, "num_inference_steps": 10} | SOURCE, 5),
        ({"task": Task.IMAGE_TO_IMAGE, "strength": 0.1, "num_inference_steps": 2} | SOURCE, 1),
        ({"task": Task.UPSCALE, "strength": 0.5, "num_inference_steps": 10, "factor": 2} | SOURCE, 9 * 5),
        ({"task": Task.UPSCALE, "strength": 0.0, "num_inference_steps": 10, "factor": 2} | SOURCE, 0),
    ],
)
def test_calls_of_the_unet_are_counted_as_the_engine_makes_them(changes: dict[str, object], calls: int) -> None:
    assert terms(request(**changes))[1] == calls


def test_an_upscale_without_denoising_is_learnt_by_its_area() -> None:
    model = taught(spread(20))
    small, large = (
        request(task=Task.UPSCALE, strength=0.0, factor=2, width=side, height=side, **SOURCE) for side in (512, 1024)
    )
    before = model.estimate(request())
    model.observe(small, 2.0)

    assert list(terms(small)) == pytest.approx([0, 0, 0, 0, 0.262144])
    assert model.estimate(large) == pytest.approx(4 * model.estimate(small))
    assert model.estimate(small) == pytest.approx(2.0, rel=0.2)
    assert model.estimate(request()) == pytest.approx(before, rel=0.05)


@st.composite
def requests(draw: st.DrawFn) -> ImageRequest:
    task = draw(st.sampled_from(Task))
    sides = st.integers(8, 512).map(lambda eighth: 8 * eighth)
    return request(
        task=task,
        width=draw(sides),
        height=draw(sides),
        num_inference_steps=draw(st.integers(1, 150)),
        guidance_scale=draw(st.floats(0, 30)),
        sampler=draw(st.sampled_from(Sampler)),
        count=draw(st.integers(1, 4)),
        **{}
        if task is Task.TEXT_TO_IMAGE
        else {"strength": draw(st.floats(0, 1)), "factor": 2, "mask": "1" * 64, "window": WINDOW, "blended": BLEND}
        | SOURCE,
    )


def larger(asked: ImageRequest) -> list[ImageRequest]:
    """Return requests that ask for more of one thing each."""
    wide, long, many = asked.width + 64, asked.num_inference_steps + 10, asked.count + 1
    changes = [{"width": wide}] * (wide <= 4096) + [{"num_inference_steps": long}] * (long <= 150)
    changes += [{"count": many}] * (many <= 4)
    return [ImageRequest.from_dict(asked.to_dict() | change) for change in changes]


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.lists(st.tuples(requests(), st.floats()), max_size=70), requests())
def test_every_estimate_is_finite_above_zero_and_grows(
    seen: list[tuple[ImageRequest, float]], asked: ImageRequest
) -> None:
    model = CostModel()
    for before, took in seen:
        model.observe(before, took)

    estimate = model.estimate(asked)

    assert 0 < estimate < math.inf
    for more in larger(asked):
        strictly = more.num_inference_steps == asked.num_inference_steps or asked.task is Task.TEXT_TO_IMAGE
        assert model.estimate(more) > estimate if strictly else model.estimate(more) >= estimate


def test_believable_times_however_wild_upset_nothing() -> None:
    times = (1e-4, 1e-2, 1.0, 1e3, 1e5)
    for first, second, third in product(times, repeat=3):
        model = CostModel()
        for asked, took in zip(spread(3), (first, second, third), strict=True):
            model.observe(asked, took)

        assert all(0 < model.estimate(asked) < 1e7 for asked in spread(10, seed=5))
