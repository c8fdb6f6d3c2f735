"""One prompt over the values of settings, as one labelled picture and one job."""

import io

import numpy as np
import pytest
from bot_kit import House, first_answer, open_jobs
from fakes import IDENTITY
from guest import labels
from PIL import Image

from bot.sheet_picture import Labels, draw_sheet
from inference.request import ImageRequest, Sampler
from provenance.credentials import read


def plain(colour: tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def has(sheet: np.ndarray, colour: tuple[int, int, int]) -> int:
    """Return how many pixels of a sheet have the colour."""
    return int((sheet == colour).all(axis=2).sum())


async def test_two_settings_make_a_grid_that_is_one_job(house: House) -> None:
    ada = house.guest()
    made = await ada.type(
        "/compare a red circle columns:seed column_values:0, 5-6 rows:guidance row_values:1, 7.5 steps:4"
    )
    (attempt,) = house.executor.attempts
    asked = list(attempt.request.singles())

    assert [(each.seed, each.guidance_scale) for each in asked] == [
        *((seed, 1.0) for seed in (0, 5, 6)),
        *((seed, 7.5) for seed in (0, 5, 6)),
    ]
    assert {each.num_inference_steps for each in asked} == {4}
    (file,) = made["attachments"]
    assert "seed 0, seed 5, seed 6" in file["description"]
    assert "guidance 1, guidance 7.5" in file["description"]
    assert (file["width"], file["height"]) > (3 * 256, 2 * 256)


async def test_every_picture_of_a_comparison_is_in_the_history(house: House) -> None:
    ada = house.guest()
    made = await ada.type("/compare a red circle columns:steps column_values:2-8 (+2)")
    records = await house.history.of_job(1)

    assert [record.num_inference_steps for record in records] == [2, 4, 6, 8]
    assert all(not record.request["variants"] for record in records)
    assert (await ada.type(f"/reproduce {records[2].id}"))["content"].count("Identical") == 1
    assert labels(await ada.use("Details", made["id"])) == ["Details 1", "Details 2", "Details 3", "Details 4"]


async def test_a_comparison_can_be_drawn_again_and_each_of_many_pictures_looked_at(house: House) -> None:
    ada = house.guest()
    made = await ada.type("/compare a red circle columns:seed column_values:1-5 rows:steps row_values:2, 3, 4")
    again = await ada.press(made, "Again")
    details = await ada.press(made, "Details")
    seeds = [[each.seed for each in attempt.request.singles()] for attempt in house.executor.attempts]

    assert len(again["attachments"]) == 1
    assert [each - seeds[1][0] for each in seeds[1]] == [each - seeds[0][0] for each in seeds[0]] != [0] * 15
    assert "**Picture" in details["content"]


async def test_what_imagine_understands_a_comparison_does(house: House) -> None:
    ada = house.guest()
    await ada.type("/compare a {red} circle --seed 0 --no blue columns:steps column_values:2, 3")
    request = house.executor.attempts[-1].request

    assert (request.prompt, request.negative_prompt, request.seed) == ("a {red} circle", "blue", 0)


async def test_samplers_and_words_are_compared_too(house: House) -> None:
    ada = house.guest()
    await ada.type(
        "/compare a red circle columns:prompt column_values:red | blue rows:sampler row_values:ddim, Euler a"
    )
    asked = list(house.executor.attempts[-1].request.singles())

    assert [each.prompt for each in asked] == ["a red circle", "a blue circle"] * 2
    assert [each.sampler for each in asked] == [Sampler.DDIM] * 2 + [Sampler.EULER_A] * 2


async def test_another_model_draws_with_its_own_settings(house: House) -> None:
    demo = house.studio.catalogue["demo"]
    other = demo.model_copy(update={"name": "sd15", "num_inference_steps": 7, "native_side": 320})
    house.studio.catalogue.offered = {"demo": demo, "sd15": other}
    await house.guest().type("/imagine a red circle")  # the licence is accepted
    house.executor.loaded.clear()
    await first_answer(house.guest(), "/compare a star columns:model column_values:demo, sd15 guidance:2")
    (job,) = [each for each in await open_jobs(house) if each.action == "compare"]
    first, second = ImageRequest.from_dict(job.request).singles()

    assert (first.checkpoint, first.num_inference_steps, first.width) == ("demo", 20, 256)
    assert (second.checkpoint, second.num_inference_steps, second.width) == ("sd15", 7, 320)
    assert first.guidance_scale == second.guidance_scale == 2.0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("columns:seed column_values:1-30", "1 to 25 values"),
        ("columns:seed column_values:1-6 rows:steps row_values:1-5", "at most 25 pictures; this would have 30"),
        ("columns:seed column_values:1,2 rows:seed row_values:3", "on both sides"),
        ("columns:seed column_values:1,2 rows:steps", "which values"),
        ("columns:model column_values:demo, nothing", "There is no model nothing"),
        ("columns:sampler column_values:DDIM, mine", "no sampler"),
        ("columns:steps column_values:0, 5", "Steps go from"),
        ("columns:prompt column_values:green | blue", "green is not in the prompt"),
    ],
)
async def test_what_cannot_be_compared_is_refused_in_words(house: House, options: str, sentence: str) -> None:
    assert sentence in (await house.guest().type(f"/compare a red circle {options}"))["content"]
    assert house.executor.attempts == []


def test_a_sheet_shows_every_picture_and_is_signed() -> None:
    red, green, blue = (220, 20, 20), (20, 200, 20), (20, 20, 220)
    labels_ = Labels(("seed 1", "seed 2"), ("guidance 1", "guidance 7.5"))
    files = [plain(red), plain(green), None, plain(blue, (48, 64))]
    file, suffix = draw_sheet(files, labels_, "imagine-bot 1", IDENTITY, 10**7)
    sheet = np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))
    found = read(file, IDENTITY)

    assert suffix == ".png"
    assert has(sheet, red) == has(sheet, green) == 64 * 48
    assert has(sheet, blue) == 48 * 64
    assert found is not None
    assert found.ours
    assert found.made_by_a_model


def test_a_sheet_that_is_too_large_for_discord_is_made_smaller() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    labels_ = Labels(tuple("abcde"), tuple("vwxyz"))
    small, suffix = draw_sheet([file.getvalue()] * 25, labels_, "imagine-bot 1", IDENTITY, 600_000)

    assert suffix == ".webp"
    assert len(small) < 700_000
