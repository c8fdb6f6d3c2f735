"""What captions tell, in numbers, and a text encoder that learns to read it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from demo_model.train.facts import GROUP_FACTS, GROUPS, SCENE_FACTS, UNKNOWN, facts
from demo_model.train.language import LanguageStage, reading_loss
from demo_model.train.plan import TINY
from demo_model.train.tokens import LENGTH, read_tokenizer, tokens_of, write_tokenizer
from demo_model.world.scene import Colour, Group, Kind, Landscape, Relation, Scene, Spot

CPU = torch.device("cpu")
CIRCLE = Group(kind=Kind.CIRCLE, colour=Colour.RED, spots=(Spot(x=0.25, y=0.5, radius=0.1),))
STARS = Group(
    kind=Kind.STAR, colour=Colour.BLUE, spots=(Spot(x=0.3, y=0.5, radius=0.1), Spot(x=0.7, y=0.5, radius=0.1))
)
PAIR = Scene(groups=(CIRCLE, STARS), backdrop=Landscape.SEA, relation=Relation.LEFT_OF)
ALONE = Scene(groups=(CIRCLE,), backdrop=Colour.GREEN)


def logits_for(scene: Scene, *, crossed: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits that are sure of the scene's facts, with the groups in either order."""
    row = torch.from_numpy(facts(scene))
    told = row[len(SCENE_FACTS) :].reshape(GROUPS, len(GROUP_FACTS))
    groups = [sure(group, GROUP_FACTS) for group in (told.flip(0) if crossed else told)]
    return sure(row, SCENE_FACTS)[None], torch.stack(groups)[None]


def sure(values: torch.Tensor, classes: dict[str, int]) -> torch.Tensor:
    parts = []
    for value, count in zip(values.tolist(), classes.values(), strict=False):
        parts.append(torch.zeros(count))
        if value != UNKNOWN:
            parts[-1][value] = 20
    return torch.cat(parts)


def wanted(scene: Scene) -> torch.Tensor:
    return torch.from_numpy(facts(scene))[None]


def test_a_scene_in_numbers() -> None:
    scene, circle, stars = np.split(facts(PAIR), [3, 10])

    assert scene.tolist() == [14, 0, 1]
    assert circle.tolist() == [0, 0, 1, 0, 0, 1, 0]
    assert stars.tolist() == [3, 4, 1, 0, 1, UNKNOWN, UNKNOWN]
    assert facts(ALONE)[10:].tolist() == [UNKNOWN] * 7


@pytest.mark.parametrize("scene", [PAIR, ALONE])
def test_knowing_everything_costs_nothing(scene: Scene) -> None:
    assert reading_loss(*logits_for(scene), wanted(scene)) < 0.01


def test_two_groups_may_come_in_either_order_but_each_as_a_whole() -> None:
    scene, groups = logits_for(PAIR, crossed=True)
    mixed = groups.clone()
    mixed[:, 0, : len(Kind)], mixed[:, 1, : len(Kind)] = groups[:, 1, : len(Kind)], groups[:, 0, : len(Kind)]

    assert reading_loss(scene, groups, wanted(PAIR)) < 0.01
    assert reading_loss(scene, mixed, wanted(PAIR)) > 10


def test_a_single_group_stands_first() -> None:
    assert reading_loss(*logits_for(ALONE, crossed=True), wanted(ALONE)) > 10


def test_every_caption_fills_the_full_length(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    tokens = tokens_of(read_tokenizer(tmp_path), ["", "a red star", "red " * 200])

    assert tokens.shape == (3, LENGTH)


@pytest.mark.slow
def test_the_text_encoder_learns_to_read(tmp_path: Path) -> None:
    torch.manual_seed(7)
    write_tokenizer(tmp_path)
    plan = replace(TINY, text_width=64, language_batch=16, language_rate=2e-3)
    stage = LanguageStage(plan, CPU, (1,), read_tokenizer(tmp_path))
    losses = [float(stage.step(step / 150)) for step in range(150)]

    assert np.mean(losses[-10:]) < 0.75 * np.mean(losses[:10])
