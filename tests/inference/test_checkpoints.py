import re

import pytest

from config.settings import ROOT, ConfigError
from inference.checkpoints import Checkpoint, ImageCheck, Weights, load_checkpoints
from inference.upscalers import load_upscalers
from inference.viewers import Task as ViewerTask
from inference.viewers import load_viewers

MODELS = ROOT / "config" / "models.toml"


def test_the_file_that_ships_is_sound():
    checkpoints = load_checkpoints(MODELS)
    assert {"demo", "sd15", "sd-turbo", "sdxl", "sdxl-turbo", "sdxl-lightning"} <= set(checkpoints)
    for name, checkpoint in checkpoints.items():
        assert checkpoint.name == name
        assert checkpoint.min_side <= checkpoint.native_side <= checkpoint.max_side
        assert checkpoint.native_side**2 <= checkpoint.max_pixels
        assert checkpoint.sampler in checkpoint.samplers
        assert checkpoint.guided == (checkpoint.guidance_scale > 1)


def test_all_that_comes_from_the_hub_is_pinned_and_its_pictures_are_checked():
    for checkpoint in load_checkpoints(MODELS).values():
        if checkpoint.weights.folder is None:
            check = checkpoint.image_check
            assert isinstance(check, ImageCheck)
            for weights in filter(None, (checkpoint.weights, checkpoint.unet, check.checker, check.classifier)):
                assert re.fullmatch("[0-9a-f]{40}", weights.revision or "")


def test_upscalers_and_captioners_that_ship_are_sound_and_pinned():
    upscalers, captioners = load_upscalers(MODELS), load_viewers(MODELS, ViewerTask.CAPTION)
    assert "x4" in upscalers
    assert "blip" in captioners
    for entry in (*upscalers.values(), *captioners.values()):
        assert re.fullmatch("[0-9a-f]{40}", entry.weights.revision or "")
    assert all(isinstance(upscaler.image_check, ImageCheck) for upscaler in upscalers.values())


def test_an_upscaler_and_a_checkpoint_cannot_have_the_same_name(tmp_path):
    path = tmp_path / "models.toml"
    path.write_text(MODELS.read_text().replace("upscalers.x4", "upscalers.demo"))
    with pytest.raises(ConfigError, match="demo is the name of an upscaler and of a checkpoint"):
        load_upscalers(path)


@pytest.mark.parametrize("revision", [None, "main", "451f4fe", "451F4FE16113BFF5A5D2269ED5AD43B0592E9A14"])
def test_a_hub_id_needs_a_full_revision(revision):
    with pytest.raises(ValueError, match=r"revision|pattern"):
        Weights(source="somebody/something", revision=revision)


def test_a_folder_needs_no_revision():
    assert Weights(source="./data/x").folder == ROOT / "data" / "x"


def test_every_problem_is_reported_at_once(tmp_path):
    path = tmp_path / "models.toml"
    path.write_text('[one]\ntitle = "One"\n[two]\ntitle = 3\nfamily = "sd9"\n')
    with pytest.raises(ConfigError) as caught:
        load_checkpoints(path)
    for part in ("[one]", "[two]", "family", "weights", "licence"):
        assert part in str(caught.value)


@pytest.mark.parametrize("text", [None, "[one\n"])
def test_a_missing_or_broken_file_is_a_configuration_error(tmp_path, text):
    path = tmp_path / "models.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=r"models\.toml"):
        load_checkpoints(path)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("guidance_scale", float("nan")),
        ("guidance_scale", -1.0),
        ("num_inference_steps", 0),
        ("max_pixels", -1),
        ("native_side", 0),
        ("side_multiple", 0),
    ],
)
def test_a_number_that_cannot_be_is_refused(setting, value):
    entry = load_checkpoints(MODELS)["demo"].model_dump()
    with pytest.raises(ValueError, match=setting):
        Checkpoint(**entry | {setting: value})


def test_an_unknown_setting_is_refused():
    entry = load_checkpoints(MODELS)["demo"].model_dump()
    with pytest.raises(ValueError, match="colour"):
        Checkpoint(**entry | {"colour": "red"})
