"""/upscale where there are upscalers: another way to choose, and only then."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from bot_kit import House, open_house
from guest import Json, record_ids

from config.settings import ROOT, ConfigError, load_settings
from db.session import Database
from inference.request import Sampler, Task
from local_discord.server import LocalDiscord

ENTRIES = """
[upscalers.sharp]
title = "Sharp"
kind = "diffusion"
factor = 4
weights = {{ source = "{folder}" }}
sampler = "DDIM"
num_inference_steps = 12
guidance_scale = 9.0
licence = "MIT"
licence_url = "LICENSE"
image_check = "closed world"

[upscalers.absent]
title = "Absent"
kind = "latent"
factor = 2
samplers = ["Euler"]
weights = {{ source = "somebody/something", revision = "{revision}" }}
licence = "MIT"
licence_url = "LICENSE"
image_check = "closed world"
"""


def write_models(folder: Path) -> Path:
    """Write a models.toml with an upscaler whose weights are there, and one whose are not."""
    (folder / "sharp").mkdir(parents=True)
    (folder / "sharp" / "weights.safetensors").touch()
    shipped = (ROOT / "config" / "models.toml").read_text(encoding="utf-8")
    models = folder / "models.toml"
    models.write_text(shipped + ENTRIES.format(folder=folder / "sharp", revision="0" * 40), encoding="utf-8")
    return models


@pytest.fixture
async def equipped(server: LocalDiscord, sqlite_database: Database, tmp_path: Path) -> AsyncIterator[House]:
    models = write_models(tmp_path / "models")
    async with open_house(server, sqlite_database, tmp_path, models=models, upscalers=("sharp", "absent")) as running:
        yield running


async def upscale_options(house: House) -> dict[str, Json]:
    assert house.client.application_id is not None
    commands = await house.client.http.get_global_commands(house.client.application_id)
    (upscale,) = [command for command in commands if command["name"] == "upscale"]
    return {option["name"]: option for option in upscale["options"]}


async def test_a_method_can_be_chosen_only_where_there_is_another(house: House) -> None:
    assert "method" not in await upscale_options(house)


async def test_what_is_there_is_offered_after_the_usual_way_and_what_is_not_is_not(equipped: House) -> None:
    assert "method" in await upscale_options(equipped)
    ada = equipped.guest()
    body = {"channel": "studio", "command": "upscale", "options": {"method": ""}, "focused": "method"}
    choices = (await ada.post("autocomplete", body))["choices"]

    assert [choice["value"] for choice in choices] == ["model", "sharp"]
    assert "Sharp" in choices[1]["name"]


async def test_an_upscaler_enlarges_with_its_own_settings_and_the_pictures_words(equipped: House) -> None:
    ada = equipped.guest()
    (first,) = record_ids(await ada.type("/imagine a red circle seed:7"))
    (larger,) = record_ids(await ada.type(f"/upscale picture:{first} method:sharp"))
    request = equipped.executor.attempts[-1].request

    assert (request.task, request.checkpoint, request.factor) == (Task.UPSCALE, "sharp", 4)
    assert (request.prompt, request.seed) == ("a red circle", 7)
    assert (request.num_inference_steps, request.guidance_scale, request.sampler) == (12, 9.0, Sampler.DDIM)
    record = await equipped.history.get(larger)
    assert record is not None
    assert (record.checkpoint, record.width) == ("sharp", 1024)
    assert "Sharp" in (await ada.press(await ada.type(f"/show {larger}"), "Details"))["content"]


async def test_without_a_method_the_model_redraws_it(equipped: House) -> None:
    ada = equipped.guest()
    (first,) = record_ids(await ada.type("/imagine a red circle"))
    await ada.type(f"/upscale picture:{first}")

    assert equipped.executor.attempts[-1].request.checkpoint == "demo"
    assert equipped.executor.attempts[-1].request.factor == 2


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("method:sharp factor:2", "Sharp enlarges 4 times, not 2 times"), ("method:absent", "no way of enlarging called")],
)
async def test_what_a_method_cannot_do_is_said(equipped: House, typed: str, answer: str) -> None:
    ada = equipped.guest()
    (first,) = record_ids(await ada.type("/imagine a red circle"))

    assert answer in (await ada.type(f"/upscale picture:{first} {typed}"))["content"]


async def test_one_goes_on_from_what_an_upscaler_made_with_a_model_that_draws(equipped: House) -> None:
    ada = equipped.guest()
    (first,) = record_ids(await ada.type("/imagine a red circle"))
    (larger,) = record_ids(await ada.type(f"/upscale picture:{first} method:sharp"))
    await ada.type(f"/vary picture:{larger}")
    varied = equipped.executor.attempts[-1].request
    await ada.type(f"/reproduce {larger}")
    again = equipped.executor.attempts[-1].request

    assert (varied.task, varied.checkpoint, varied.prompt) == (Task.IMAGE_TO_IMAGE, "demo", "a red circle")
    assert (again.task, again.checkpoint) == (Task.UPSCALE, "sharp")


async def test_an_upscaler_draws_no_new_pictures(equipped: House) -> None:
    ada = equipped.guest()
    body = {
        "channel": "studio",
        "command": "imagine",
        "options": {"prompt": "a cat", "model": "sha"},
        "focused": "model",
    }

    assert "There is no model sharp here" in (await ada.type("/imagine a cat model:sharp"))["content"]
    assert (await ada.post("autocomplete", body))["choices"] == []


async def test_an_upscaler_that_models_toml_does_not_know_is_a_configuration_error(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="upscalers: nobody not in"):
        async with open_house(server, sqlite_database, tmp_path, upscalers=("nobody",)):
            pass
    assert load_settings().upscalers == ()
