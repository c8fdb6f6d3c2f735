"""What doctor says of upscalers and captioners, and how it says to get what is not there."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.extras import extras, offered_upscalers, offered_viewer
from config.settings import ROOT, ConfigError, Settings, load_settings
from inference.viewers import Task

ENTRIES = """
[upscalers.here]
title = "Here"
kind = "diffusion"
factor = 4
weights = {{ source = "{folder}" }}
licence = "MIT"
licence_url = "LICENSE"
image_check = "closed world"

[upscalers.far]
title = "Far"
kind = "latent"
factor = 2
samplers = ["Euler"]
needs = "1 GB on disk"
weights = {{ source = "somebody/something", revision = "{revision}", variant = "fp16" }}
licence = "Whose it is"
licence_url = "LICENSE"
image_check = "closed world"

[captioners.far]
title = "Far"
weights = {{ source = "somebody/else", revision = "{revision}" }}
licence = "MIT"
licence_url = "LICENSE"

[upscalers.file]
title = "File"
kind = "esrgan"
factor = 2
weights = {{ source = "{folder}", file = "sharp.safetensors" }}
licence = "MIT"
licence_url = "LICENSE"
image_check = "closed world"
"""


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Give a models.toml with an upscaler that is there, others that are not, and those of the shipped one."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "weights.safetensors").touch()
    shipped = (ROOT / "config" / "models.toml").read_text(encoding="utf-8")
    (tmp_path / "models.toml").write_text(
        shipped + ENTRIES.format(folder=tmp_path / "there", revision="0" * 40), encoding="utf-8"
    )
    return tmp_path / "models.toml"


def lines(settings: Settings) -> dict[str, str]:
    return {finding.subject: str(finding) for finding in extras(settings)}


def test_of_what_nobody_chose_it_says_how_to_get_it_and_that_all_is_well(models: Path) -> None:
    told = lines(load_settings(models=models))

    assert told["upscaler far"].startswith("ok       upscaler far: Far; Whose it is; 1 GB on disk.")
    assert f"hf download somebody/something --revision {'0' * 40} --include" in told["upscaler far"]
    assert "'*fp16.safetensors'" in told["upscaler far"]
    assert 'add "far" to upscalers in imagine.toml' in told["upscaler far"]
    assert told["captioner far"].startswith("ok")
    assert "hf download somebody/else" in told["captioner far"]
    assert 'set captioner = "far"' in told["captioner far"]
    assert {"upscaler x4", "captioner blip"} <= told.keys()


def test_what_was_chosen_and_is_missing_is_a_problem_and_not_offered(models: Path) -> None:
    settings = load_settings(models=models, upscalers=("here", "far", "file"), captioner="far")
    told = lines(settings)

    assert told["upscaler here"].startswith("ok")
    assert told["upscaler far"].startswith("PROBLEM")
    assert "hf download" in told["upscaler far"]
    assert told["upscaler file"].startswith("PROBLEM")
    assert "put sharp.safetensors into" in told["upscaler file"]
    assert ("pip install --editable '.[esrgan]'" in told["upscaler file"]) == (find_spec("spandrel") is None)
    assert told["captioner far"].startswith("PROBLEM")
    assert list(offered_upscalers(settings)) == ["here"]
    assert offered_viewer(settings, Task.CAPTION) is None


def test_names_that_models_toml_does_not_know_are_configuration_errors(models: Path) -> None:
    with pytest.raises(ConfigError, match="captioner: nobody not in"):
        offered_viewer(load_settings(models=models, captioner="nobody"), Task.CAPTION)
    with pytest.raises(ConfigError, match="upscalers: nobody not in"):
        offered_upscalers(load_settings(models=models, upscalers=("nobody",)))
