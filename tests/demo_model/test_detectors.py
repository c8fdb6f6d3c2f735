"""The detectors: right on drawn pictures, where the truth is known, before anything else is judged by them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from demo_model.detect.accuracy import measure, shares
from demo_model.detect.checks import check
from demo_model.detect.detector import WEIGHTS, Detector, Seen, Sighting
from demo_model.detect.loss import loss
from demo_model.detect.network import Network, Reading
from demo_model.detect.targets import GRID, NEAR, target
from demo_model.train.parts import save_half
from demo_model.world.backdrops import draw_backdrop
from demo_model.world.drawer import Picture, draw
from demo_model.world.sampler import sample
from demo_model.world.scene import (
    BACKDROPS,
    Colour,
    Group,
    Kind,
    Landscape,
    Place,
    Relation,
    Scene,
    Spot,
    Style,
)

LEFT, RIGHT = Spot(x=0.25, y=0.5, radius=0.15), Spot(x=0.75, y=0.5, radius=0.15)
RED_STAR = Group(kind=Kind.STAR, colour=Colour.RED, spots=(LEFT,))
BLUE_CAT = Group(kind=Kind.CAT, colour=Colour.BLUE, spots=(RIGHT,))
PAIR = Scene(groups=(RED_STAR, BLUE_CAT), backdrop=Landscape.SEA, relation=Relation.LEFT_OF)
SEEN_STAR = Sighting(Kind.STAR, Colour.RED, 0.25, 0.5)
SEEN_CAT = Sighting(Kind.CAT, Colour.BLUE, 0.75, 0.5)
SEEN_PAIR = Seen((SEEN_CAT, SEEN_STAR), Landscape.SEA, Style.SHADED)


def read(scene: Scene) -> tuple[Reading, dict[str, torch.Tensor]]:
    """Return what a perfect network would say of the scene, and the targets as a batch of one."""
    wanted = target(scene)
    batch = {name: torch.as_tensor(np.array(value))[None] for name, value in vars(wanted).items()}

    def logits(classes: int, index: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(index.clamp(min=0), classes).movedim(-1, 1).float() * 40

    there = (batch["kind"] > 0).float() * 40 - 20
    kind, colour = logits(len(Kind), batch["kind"] - 1), logits(len(Colour), batch["colour"] - 1)
    backdrop, style = logits(len(BACKDROPS), batch["backdrop"]), logits(len(Style), batch["style"])
    return Reading(there, kind, colour, backdrop, style), batch


def reduced(picture: Picture) -> Picture:
    """Return the picture with the detail of one of half its side."""
    small = Image.fromarray(picture).reduce(2)
    return np.asarray(small.resize((picture.shape[1], picture.shape[0]), Image.Resampling.BILINEAR))


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load(WEIGHTS)


def test_they_are_right_on_drawn_pictures(detector: Detector) -> None:
    accuracy = measure(detector, 256, seed=2024)

    assert {name: share for name, share in accuracy.items() if share < 0.97} == {}


def test_they_are_right_where_a_picture_has_lost_detail(detector: Detector) -> None:
    accuracy = measure(detector, 128, 2024, lambda pictures: [reduced(picture) for picture in pictures])

    assert {name: accuracy[name] for name in ("object", "colour", "background") if accuracy[name] < 0.95} == {}


def test_how_often_they_are_right_is_told_of_what_they_are_shown(detector: Detector) -> None:
    accuracy = measure(detector, 32, 2024, lambda pictures: [np.full_like(picture, 128) for picture in pictures])

    assert accuracy["object"] < 0.2


def test_a_plain_example_is_read_in_full(detector: Detector) -> None:
    (seen,) = detector.look([draw(PAIR)])

    assert {(thing.kind, thing.colour, thing.place) for thing in seen.things} == {
        (Kind.STAR, Colour.RED, Place.LEFT),
        (Kind.CAT, Colour.BLUE, Place.RIGHT),
    }
    assert (seen.backdrop, seen.style) == (Landscape.SEA, Style.SHADED)


def test_an_empty_picture_shows_nothing(detector: Detector) -> None:
    dice = np.random.default_rng(0)
    pictures = [np.array(draw_backdrop(backdrop, 256, dice)) for backdrop in BACKDROPS]

    assert [backdrop for backdrop, seen in zip(BACKDROPS, detector.look(pictures), strict=True) if seen.things] == []


def test_the_size_of_a_picture_does_not_matter(detector: Detector) -> None:
    for side in (128, 256, 512):
        (seen,) = detector.look([draw(PAIR, side)])
        assert {thing.kind for thing in seen.things} == {Kind.STAR, Kind.CAT}


def test_in_a_mirror_they_see_the_same_on_the_other_side(detector: Detector) -> None:
    picture = draw(PAIR)
    straight, mirrored = detector.look([picture, np.ascontiguousarray(picture[:, ::-1])])

    assert straight.backdrop is mirrored.backdrop is Landscape.SEA
    assert {(thing.kind, thing.x > 0.5) for thing in straight.things} == {(Kind.STAR, False), (Kind.CAT, True)}
    assert {(thing.kind, thing.x > 0.5) for thing in mirrored.things} == {(Kind.STAR, True), (Kind.CAT, False)}


def test_targets_mark_a_thing_where_it_is_and_say_nothing_of_the_cells_around() -> None:
    wanted = target(PAIR)

    assert wanted.kind[8, 4] == 1 + tuple(Kind).index(Kind.STAR)
    assert wanted.colour[8, 12] == 1 + tuple(Colour).index(Colour.BLUE)
    assert (wanted.kind > 0).sum() == 2
    assert (wanted.kind == NEAR).sum() == 16
    assert BACKDROPS[wanted.backdrop] is Landscape.SEA


def test_a_perfect_reading_costs_nothing_and_a_wrong_one_does() -> None:
    reading, targets = read(PAIR)

    assert loss(reading, targets) < 1e-3
    assert loss(replace(reading, colour=-reading.colour), targets) > 1
    assert loss(replace(reading, thing=-reading.thing), targets) > 1


def test_a_picture_that_shows_everything_passes_every_check() -> None:
    facts = check(PAIR, SEEN_PAIR)

    assert facts.keys() == {"background", "style", "count", "two objects", "position"}
    assert all(facts.values())


@pytest.mark.parametrize(
    ("seen", "failed"),
    [
        (replace(SEEN_PAIR, backdrop=Landscape.SNOW), {"background"}),
        (replace(SEEN_PAIR, style=Style.NEON), {"style"}),
        (replace(SEEN_PAIR, things=(SEEN_STAR,)), {"count", "two objects", "position"}),
        (replace(SEEN_PAIR, things=(*SEEN_PAIR.things, SEEN_CAT)), {"count"}),
        (replace(SEEN_PAIR, things=(replace(SEEN_CAT, x=0.1), SEEN_STAR)), {"position"}),
        (
            replace(SEEN_PAIR, things=(replace(SEEN_CAT, colour=Colour.RED), replace(SEEN_STAR, colour=Colour.BLUE))),
            {"two objects", "position"},
        ),
        (replace(SEEN_PAIR, things=()), {"count", "two objects", "position"}),
    ],
)
def test_whatever_is_wrong_fails_its_own_check(seen: Seen, failed: set[str]) -> None:
    assert failed == {name for name, holds in check(PAIR, seen).items() if not holds}


def test_a_single_thing_is_checked_for_kind_colour_and_place() -> None:
    scene = Scene(groups=(RED_STAR,), backdrop=Landscape.SEA, place=Place.LEFT)

    assert all(check(scene, Seen((SEEN_STAR,), Landscape.SEA, Style.SHADED)).values())
    wrong = check(scene, Seen((replace(SEEN_CAT, kind=Kind.STAR),), Landscape.SEA, Style.SHADED))
    assert {name for name, holds in wrong.items() if not holds} == {"colour", "position"}


def test_places_are_ninths() -> None:
    coordinates = {"left": 0.2, "middle": 0.5, "right": 0.8, "top": 0.2, "bottom": 0.8}
    for place in Place:
        words = place.value.split()
        x = next((coordinates[word] for word in words if word in ("left", "right")), 0.5)
        y = next((coordinates[word] for word in words if word in ("top", "bottom")), 0.5)
        assert replace(SEEN_STAR, x=x, y=y).place is place


def test_what_sampled_scenes_ask_for_is_where_the_detectors_look() -> None:
    dice = np.random.default_rng(1)
    for scene in (sample(dice) for _ in range(500)):
        if scene.place is not None:
            (spot,) = scene.groups[0].spots
            cell = (int(spot.x * GRID) + 0.5) / GRID, (int(spot.y * GRID) + 0.5) / GRID
            assert replace(SEEN_STAR, x=cell[0], y=cell[1]).place is scene.place


def test_shares_are_of_the_checks_that_speak_of_a_fact() -> None:
    assert shares([{"a": True}, {"a": False, "b": True}]) == {"a": 0.5, "b": 1.0}


def test_weights_come_back_as_they_were_stored(tmp_path) -> None:
    torch.manual_seed(0)
    network = Network()
    save_half(network, tmp_path / "weights.safetensors")
    picture = [draw(PAIR)]

    assert Detector(network.half().float()).look(picture) == Detector.load(tmp_path / "weights.safetensors").look(
        picture
    )
