"""Which checkpoints stay in memory."""

from pathlib import Path

import pytest
import tiny
import torch
from inference_kit import a_checkpoint

from inference.checkpoints import Family
from inference.contract import CheckpointUnusable
from inference.engine.model import Model
from inference.engine.shelf import Shelf

NAMES = ("a", "b", "c")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    tiny.make(folder / "sd1", Family.SD1)
    return folder


@pytest.fixture
def loaded() -> list[str]:
    return []


@pytest.fixture
def shelf(folder: Path, loaded: list[str]) -> Shelf:
    """A shelf with room for two checkpoints of equal size."""

    def ready(model: Model) -> None:
        loaded.append(model.checkpoint.name)

    checkpoints = {name: a_checkpoint(folder / "sd1", name) for name in NAMES}
    one = Shelf(torch.device("cpu"), checkpoints, folder, ready).take("a").bytes
    loaded.clear()
    return Shelf(torch.device("cpu"), checkpoints, folder, ready, budget=int(2.5 * one))


def test_what_fits_stays(shelf: Shelf, loaded: list[str]) -> None:
    for name in ("a", "b", "a", "b"):
        assert shelf.take(name).checkpoint.name == name

    assert loaded == ["a", "b"]


def test_what_was_not_used_for_longest_leaves_first(shelf: Shelf, loaded: list[str]) -> None:
    for name in ("a", "b", "a", "c", "a", "b"):
        shelf.take(name)

    assert loaded == ["a", "b", "c", "b"]


def test_what_is_in_use_stays_however_little_room_there_is(shelf: Shelf, loaded: list[str]) -> None:
    shelf.take("a")
    shelf.take("b", in_use=[("a", ())])
    shelf.take("c", in_use=[("a", ()), ("b", ())])
    shelf.take("a", in_use=[("b", ())])

    assert loaded == ["a", "b", "c"]


def test_a_checkpoint_that_nobody_knows_is_named(shelf: Shelf) -> None:
    with pytest.raises(CheckpointUnusable, match='no checkpoint "nobody"'):
        shelf.take("nobody")
