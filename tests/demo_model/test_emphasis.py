"""What weighs how much in learning."""

import numpy as np
import pytest
import torch

from demo_model.train.diffusion import as_far_as_seen
from demo_model.train.emphasis import SHARE, emphasis
from demo_model.world.scene import Colour, Group, Kind, Scene, Spot

CELLS = 32


def weights_of(*spots: Spot) -> np.ndarray:
    group = Group(kind=Kind.STAR, colour=Colour.RED, spots=spots)
    return emphasis(Scene(groups=(group,), backdrop=Colour.WHITE), CELLS)


@pytest.mark.parametrize("radius", [0.1, 0.2, 0.3])
def test_a_thing_weighs_the_same_whatever_its_size(radius: float) -> None:
    weights = weights_of(Spot(x=0.5, y=0.5, radius=radius))

    assert weights.mean() == pytest.approx(1 + SHARE)
    assert weights[0, 0] == 1


def test_the_weight_lies_where_the_thing_is() -> None:
    weights = weights_of(Spot(x=0.25, y=0.75, radius=0.1))
    row, column = np.unravel_index(weights.argmax(), weights.shape)

    assert weights[24, 8] == weights.max() > 5
    assert (row, column) != (8, 24)
    assert weights[8, 24] == 1


def test_every_one_of_several_things_weighs() -> None:
    weights = weights_of(*(Spot(x=x, y=0.5, radius=0.1) for x in (0.2, 0.5, 0.8)))

    assert weights.mean() == pytest.approx(1 + 3 * SHARE)


def test_a_thing_too_small_for_any_cell_does_no_harm() -> None:
    assert np.isfinite(weights_of(Spot(x=0.5, y=0.5, radius=0.001))).all()


def test_what_noise_hides_weighs_no_more_than_the_rest() -> None:
    heavy = torch.full((3, 2, 2), 9.0)

    assert as_far_as_seen(heavy, torch.tensor([1.0, 0.5, 0.0]))[:, 0, 0].tolist() == [9.0, 5.0, 1.0]


def test_what_noise_leaves_open_is_not_expected_for_its_weight() -> None:
    """Things are at one of two cells by even chances, and nothing tells at which: half a thing is the right answer."""
    places = torch.eye(2).reshape(2, 1, 2)
    answers = {}
    for name, left in (("seen", 1.0), ("hidden", 0.0)):
        weights = as_far_as_seen(1 + 8 * places, torch.full((2,), left))
        answers[name] = ((weights * places).sum(0) / weights.sum(0)).flatten().tolist()

    assert answers["hidden"] == [0.5, 0.5]
    assert answers["seen"] == pytest.approx([0.9, 0.9])
