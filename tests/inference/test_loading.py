import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from inference_kit import Bystander, a_checkpoint, an_attempt
from PIL import Image
from safetensors.torch import load_file, save_file

from inference.checkpoints import ImageCheck, Weights
from inference.contract import CheckpointUnusable, DeviceBroken, OutOfMemory
from inference.engine.engine import DiffusersEngine
from inference.engine.fingerprint import hash_weights
from inference.engine.loading import load_picture_check, naming
from inference.engine.safety import squares_of, views


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints") / "made"
    tiny.make(folder)
    return folder


@pytest.fixture
def folder(made, tmp_path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "checkpoint"))


def engine_of(checkpoint, tmp_path) -> DiffusersEngine:
    return DiffusersEngine("cpu", {"tiny": checkpoint}, tmp_path / "cache")


def draw(engine, tmp_path):
    return engine.draw(an_attempt(tmp_path / "spool"), Bystander(), thrifty=False)


def test_pickled_weights_are_refused_by_name(folder, tmp_path):
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(weights), weights.with_suffix(".bin"))
    weights.unlink()
    with pytest.raises(CheckpointUnusable, match=r'"tiny".*diffusion_pytorch_model\.bin.*safetensors'):
        engine_of(a_checkpoint(folder), tmp_path).load("tiny")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CheckpointUnusable, match="nowhere"):
        engine_of(a_checkpoint(tmp_path / "nowhere"), tmp_path).load("tiny")


@pytest.mark.parametrize("part", ["model_index.json", "vae/config.json", "tokenizer/vocab.json", "scheduler"])
def test_an_incomplete_folder_makes_the_checkpoint_unusable(folder, tmp_path, part):
    path = folder / part
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(CheckpointUnusable, match='"tiny"'):
        engine_of(a_checkpoint(folder), tmp_path).load("tiny")


def test_damaged_weights_make_the_checkpoint_unusable(folder, tmp_path):
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointUnusable, match='"tiny"'):
        engine_of(a_checkpoint(folder), tmp_path).load("tiny")


def test_an_unknown_checkpoint_is_unusable(folder, tmp_path):
    with pytest.raises(CheckpointUnusable, match='no checkpoint "other"'):
        engine_of(a_checkpoint(folder), tmp_path).load("other")


def test_a_unet_of_its_own_replaces_the_checkpoints(folder, tmp_path):
    plain = engine_of(a_checkpoint(folder), tmp_path)
    before, fingerprint = np.load(draw(plain, tmp_path).pictures[0].path), plain.load("tiny")
    weights = load_file(folder / "unet" / "diffusion_pytorch_model.safetensors")
    (tmp_path / "unet").mkdir()
    save_file({name: tensor * 0.9 for name, tensor in weights.items()}, tmp_path / "unet" / "distilled.safetensors")
    distilled = Weights(source=str(tmp_path / "unet"), file="distilled.safetensors")
    replaced = engine_of(a_checkpoint(folder, unet=distilled), tmp_path)
    assert not np.array_equal(before, np.load(draw(replaced, tmp_path).pictures[0].path))
    assert replaced.load("tiny")["weights"] != fingerprint["weights"]


def test_the_hash_follows_the_weights_and_is_remembered(tmp_path):
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"one")
    first = hash_weights([weights], tmp_path)
    assert hash_weights([weights], tmp_path) == first
    remembered = json.loads((tmp_path / "weights.json").read_text())
    (tmp_path / "weights.json").write_text(json.dumps(dict.fromkeys(remembered, "0" * 64)))
    assert hash_weights([weights], tmp_path) != first  # so it was not read again
    weights.write_bytes(b"three")
    assert hash_weights([weights], tmp_path) not in (first, hash_weights([], tmp_path))


def test_what_is_known_of_files_that_are_gone_or_changed_is_forgotten(tmp_path):
    gone, kept = tmp_path / "gone.safetensors", tmp_path / "kept.safetensors"
    for path in (gone, kept):
        path.write_bytes(b"weights")
    hash_weights([gone, kept], tmp_path)
    gone.unlink()
    kept.write_bytes(b"changed")
    hash_weights([kept], tmp_path)
    assert [key.split(":")[0] for key in json.loads((tmp_path / "weights.json").read_text())] == [str(kept)]


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (torch.OutOfMemoryError("no room"), OutOfMemory),
        (OSError("no such host"), CheckpointUnusable),
        (torch.AcceleratorError("an illegal memory access was encountered"), DeviceBroken),
    ],
)
def test_all_that_goes_wrong_is_the_checkpoints_but_for_a_broken_or_crowded_device(error, becomes):
    with pytest.raises(becomes), naming("tiny"):
        raise error


@pytest.mark.parametrize(("threshold", "is_over"), [(-2.0, True), (2.0, False)])
def test_the_picture_check_tells_what_it_sees(folder, tmp_path, threshold, is_over):
    check = tiny.make_check(tmp_path / "checks", threshold)
    (picture,) = draw(engine_of(a_checkpoint(folder, image_check=check), tmp_path), tmp_path).pictures
    assert (picture.seen["checker"] > 0, picture.seen["youth"] > 0) == (is_over, is_over)
    assert 0 < picture.seen["classifier"] < 1
    assert np.load(picture.path).std() > 2  # the check looks, and leaves the pixels to whoever decides


@pytest.mark.parametrize("shift", [-0.05, 0.0, 0.05])
def test_the_margins_flag_what_the_stock_checker_flags(tmp_path, shift):
    """A margin is what the stock checker's own score is: it flags what is over zero, rounded to a thousandth."""
    check = load_picture_check(tiny.make_check(tmp_path, 0.0), torch.device("cpu"))
    stock = check.networks[0].checker
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    stock.special_care_embeds_weights.data.fill_(2.0)  # nobody young
    stock.concept_embeds_weights.data += check.look(picture)["checker"] + shift
    _, (flagged,) = stock(clip_input=views([Image.fromarray(picture)]), images=np.zeros((1, 8, 8, 3)))
    assert check.look(picture)["checker"] == pytest.approx(-shift, abs=1e-5)
    assert flagged is (shift < 0)


@pytest.mark.parametrize("place", [0, 32, 64])
def test_all_of_a_wide_picture_is_looked_at(tmp_path, place):
    check = load_picture_check(tiny.make_check(tmp_path, 0.0), torch.device("cpu"))
    grey, noise = np.full((32, 96, 3), 127, np.uint8), np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
    wide = grey.copy()
    wide[:, place : place + 32] = noise
    alone, around = check.look(noise), check.look(grey)
    assert check.look(wide) == pytest.approx({name: max(alone[name], around[name]) for name in alone}, abs=1e-5)
    alone = check.look(np.rot90(noise).copy())
    high = check.look(np.rot90(wide).copy())
    assert high == pytest.approx({name: max(alone[name], around[name]) for name in alone}, abs=1e-5)


def test_squares_cover_a_picture():
    for size in ((8, 8), (8, 9), (20, 8), (8, 41)):
        picture = np.arange(size[0] * size[1] * 3).reshape(*size, 3)
        squares = squares_of(picture)
        assert {square.shape for square in squares} == {(8, 8, 3)}
        assert set(picture.flat) == {value for square in squares for value in square.flat}


def without(check: ImageCheck, folder: Path, what: str) -> ImageCheck:
    shutil.rmtree(folder / what)
    return check


@pytest.mark.parametrize("missing", ["safety_checker", "second"])
def test_without_one_of_its_picture_checks_a_checkpoint_is_unusable(folder, tmp_path, missing):
    check = without(tiny.make_check(tmp_path / "checks", 0.0), tmp_path / "checks", missing)
    with pytest.raises(CheckpointUnusable, match=r'"tiny".*picture check'):
        engine_of(a_checkpoint(folder, image_check=check), tmp_path).load("tiny")


def test_a_classifier_with_other_labels_is_no_picture_check(folder, tmp_path):
    check = tiny.make_check(tmp_path / "checks", 0.0, label="explicit")
    with pytest.raises(CheckpointUnusable, match=r'no label "explicit", but normal, nsfw'):
        engine_of(a_checkpoint(folder, image_check=check), tmp_path).load("tiny")


def test_a_picture_check_that_raises_shows_nothing(folder, tmp_path):
    engine = engine_of(a_checkpoint(folder, image_check=tiny.make_check(tmp_path / "checks", 0.0)), tmp_path)
    engine.load("tiny")
    (model,) = engine._shelf._models.values()
    model.picture_check._label = 7  # as if the classifier had another shape
    with pytest.raises(IndexError):
        draw(engine, tmp_path)


def test_a_closed_world_needs_no_check(folder, tmp_path):
    (picture,) = draw(engine_of(a_checkpoint(folder), tmp_path), tmp_path).pictures
    assert picture.seen is None
