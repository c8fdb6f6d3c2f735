import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from inference_kit import Bystander, a_checkpoint, an_attempt
from safetensors.torch import load_file, save_file

from inference.checkpoints import Weights
from inference.contract import CheckpointUnusable, DeviceBroken, OutOfMemory
from inference.engine.engine import DiffusersEngine
from inference.engine.fingerprint import hash_weights
from inference.engine.loading import naming


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


def make_checker(folder: Path, threshold: float) -> None:
    """Write a tiny random picture check that finds everything (threshold -2) or nothing (2) a concern."""
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPConfig

    size = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = CLIPConfig(text_config=size, vision_config=size | {"patch_size": 32}, projection_dim=8)
    checker = StableDiffusionSafetyChecker(config)
    checker.concept_embeds_weights.data.fill_(threshold)
    checker.special_care_embeds_weights.data.fill_(threshold)
    checker.save_pretrained(folder)


@pytest.mark.parametrize(("threshold", "concern"), [(-2.0, "sexual content"), (2.0, None)])
def test_the_picture_check_tells_its_concern(folder, tmp_path, threshold, concern):
    make_checker(tmp_path / "checks" / "safety_checker", threshold)
    check = Weights(source=str(tmp_path / "checks"), subfolder="safety_checker")
    (picture,) = draw(engine_of(a_checkpoint(folder, image_check=check), tmp_path), tmp_path).pictures
    assert picture.concern == concern
    assert np.load(picture.path).std() > 2  # the check looks, and leaves the pixels to whoever decides


def test_without_its_picture_check_a_checkpoint_is_unusable(folder, tmp_path):
    check = Weights(source=str(tmp_path / "nowhere"))
    with pytest.raises(CheckpointUnusable, match=r'"tiny".*picture check'):
        engine_of(a_checkpoint(folder, image_check=check), tmp_path).load("tiny")


def test_a_closed_world_needs_no_check(folder, tmp_path):
    (picture,) = draw(engine_of(a_checkpoint(folder), tmp_path), tmp_path).pictures
    assert picture.concern is None
