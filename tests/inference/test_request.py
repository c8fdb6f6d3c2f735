import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inference_kit import a_request

from inference.request import SEEDS, Blended, ImageRequest, InvalidRequest, Sampler, Task, Variant, Variation
from inference.window import Window


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("prompt", ["", "x" * 2000], ["x" * 2001]),
        ("negative_prompt", ["", "x" * 2000], ["x" * 2001]),
        ("seed", [0, SEEDS - 1], [-1, SEEDS]),
        ("num_inference_steps", [1, 150], [0, 151]),
        ("guidance_scale", [0.0, 30.0], [-0.1, 30.1, math.nan, math.inf]),
        ("count", [1, 4], [0, 5]),
        ("width", [64, 4096], [0, 56, 63, 68, 4104]),
        ("height", [64, 4096], [0, 56, 63, 68, 4104]),
    ],
)
def test_every_setting_has_bounds(field, good, bad):
    for value in good:
        assert getattr(a_request(**{field: value}), field) == value
    for value in bad:
        with pytest.raises(InvalidRequest) as caught:
            a_request(**{field: value})
        assert str(caught.value).endswith((".", "again."))


@pytest.mark.parametrize("strength", [-0.01, 1.01, math.nan])
def test_strength_has_bounds(strength):
    with pytest.raises(InvalidRequest, match="Strength"):
        a_request(task=Task.IMAGE_TO_IMAGE, source="00", strength=strength)


@pytest.mark.parametrize("missing", [{"source": None, "strength": 0.5}, {"source": "00", "strength": None}])
@pytest.mark.parametrize("task", [Task.IMAGE_TO_IMAGE, Task.UPSCALE])
def test_what_starts_from_a_picture_needs_one(task, missing):
    with pytest.raises(InvalidRequest, match="picture to start from"):
        a_request(task=task, factor=2, **missing)


@pytest.mark.parametrize("factor", [None, 0, 1, 3, 8])
def test_a_picture_is_enlarged_two_or_four_times(factor):
    with pytest.raises(InvalidRequest, match="2 or 4"):
        a_request(task=Task.UPSCALE, source="00", strength=0.3, factor=factor)


@given(st.integers(0, SEEDS - 1), st.integers(1, 4))
def test_each_picture_can_be_asked_for_alone(seed: int, count: int):
    request = a_request(seed=seed, count=count)
    assert len(set(request.seeds)) == count
    for index, picture_seed in enumerate(request.seeds):
        single = request.single(index)
        assert (single.seed, single.count, single.seeds) == (picture_seed, 1, (picture_seed,))


def test_the_first_seed_of_a_variation_stays_and_the_other_moves_on():
    variations = (Variation(seed=3, strength=0.5), Variation(seed=SEEDS - 1, strength=0.2))
    request = a_request(seed=7, variations=variations, count=3)
    assert request.seeds == (7, 7, 7)
    assert [single.variations[-1].seed for single in request.singles()] == [SEEDS - 1, 0, 1]
    assert {single.variations[0] for single in request.singles()} == {variations[0]}


def test_variants_say_what_is_different():
    request = a_request(seed=7, variants=(Variant(prompt="a star"), Variant(seed=0, guidance_scale=1.0)), count=2)
    first, second = request.singles()
    assert (first.prompt, first.seed, first.guidance_scale) == ("a star", 7, 7.5)
    assert (second.prompt, second.seed, second.guidance_scale) == (request.prompt, 0, 1.0)
    assert request.prompts == ("a star", request.prompt)
    with pytest.raises(InvalidRequest, match="30"):
        replace(request, variants=(Variant(), Variant(guidance_scale=31.0)))


@pytest.mark.parametrize("count", [1, 5])
def test_two_to_four_pictures_are_blended(count):
    with pytest.raises(InvalidRequest, match="2 to 4 pictures"):
        a_request(task=Task.BLEND, blended=(Blended(source="00", prompt=""),) * count, strength=0.5)


@pytest.mark.parametrize("strength", [-0.1, 1.1, math.nan])
def test_a_variation_by_seed_has_bounds(strength):
    with pytest.raises(InvalidRequest, match="variation's strength"):
        a_request(variations=(Variation(seed=0, strength=strength),))


def test_variations_of_variations_come_to_an_end():
    with pytest.raises(InvalidRequest, match="16 times in a row"):
        a_request(variations=(Variation(seed=0, strength=0.1),) * 17)


def test_seed_zero_is_a_seed():
    assert a_request(seed=0).seeds == (0,)


@pytest.mark.parametrize(
    "adapters",
    [(("fish", 2.1),), (("fish", math.nan),), (("fish", 1.0), ("fish", 0.5)), tuple((str(n), 1.0) for n in range(5))],
)
def test_adapters_have_bounds(adapters):
    with pytest.raises(InvalidRequest, match="LoRA"):
        a_request(adapters=adapters)


def test_plain_values_make_the_same_request():
    request = a_request(task=Task.UPSCALE, source="00", strength=0.3, factor=4, adapters=(("fish", 0.5), ("sea", -1.0)))
    assert ImageRequest.from_dict(json.loads(json.dumps(request.to_dict()))) == request
    continued = a_request(
        task=Task.OUTPAINT, source="00", strength=1.0, window=Window(left=-64, top=0, width=256, height=128)
    )
    several = replace(continued, variants=(Variant(sampler=Sampler.LCM), Variant(seed=0)), count=2)
    blend = a_request(task=Task.BLEND, blended=(Blended(source="00", prompt="a"),) * 2, strength=0.5)
    for each in (continued, several, blend):
        assert ImageRequest.from_dict(json.loads(json.dumps(each.to_dict()))) == each


def test_what_was_asked_for_before_there_were_masks_and_adapters_is_understood():
    values = a_request().to_dict()
    del values["mask"], values["adapters"]
    assert ImageRequest.from_dict(values) == a_request()
