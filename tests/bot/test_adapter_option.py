"""LoRAs and textual inversions as people ask for them."""

from pathlib import Path

import numpy as np
import pytest
from bot_kit import House
from guest import Json
from safetensors.numpy import save_file

from inference.adapter_files import read_adapters

LORA = {"lora_unet.down": np.zeros(1, np.float32)}


@pytest.fixture
def stocked(house: House, tmp_path: Path) -> House:
    """A bot whose model has two LoRAs and a word."""
    folder = tmp_path / "loras"
    folder.mkdir()
    save_file(LORA, folder / "watercolor.safetensors", {"modelspec.trigger_phrase": "wtrclr, wash"})
    save_file(LORA, folder / "Detail v1.5.safetensors")
    save_file({"emb_params": np.ones((1, 4), np.float32)}, folder / "merry.safetensors")
    (folder / "Detail v1.5.toml").write_text('title = "More detail"\nweight = 0.6\n')
    demo = house.studio.catalogue["demo"]
    house.studio.catalogue.offered = {"demo": demo.model_copy(update={"adapters": folder}), "bare": demo}
    return house


async def suggested(house: House, typed: str, **options: str) -> list[Json]:
    body = {"channel": "studio", "command": "imagine", "options": {"adapters": typed, **options}, "focused": "adapters"}
    return list((await house.guest().post("autocomplete", body))["choices"])


async def test_they_are_added_at_their_strength_with_the_words_that_call_upon_them(stocked: House) -> None:
    result = await stocked.guest().type("/imagine a wash of colour adapters:WaterColor:0.8, merry:1, detail v1.5")
    request = stocked.executor.attempts[-1].request

    assert request.adapters == (("watercolor", 0.8), ("merry", 1.0), ("Detail v1.5", 0.6))
    assert request.prompt == "a wash of colour, wtrclr, merry"
    assert "Added to the prompt, for the LoRA to be seen: wtrclr, merry" in result["content"]
    assert "model demo, with watercolor:0.8, merry:1, Detail v1.5:0.6" in result["content"]


async def test_nothing_is_added_to_a_prompt_that_has_the_words(stocked: House) -> None:
    result = await stocked.guest().type("/imagine WTRCLR hills, wash adapters:watercolor:0")
    request = stocked.executor.attempts[-1].request

    assert (request.prompt, request.adapters) == ("WTRCLR hills, wash", (("watercolor", 0.0),))
    assert "Added to the prompt" not in result["content"]


async def test_a_word_that_is_meant_for_the_negative_prompt_stays_there(stocked: House) -> None:
    await stocked.guest().type("/imagine a fox negative_prompt:merry adapters:merry")
    request = stocked.executor.attempts[-1].request

    assert (request.prompt, request.negative_prompt) == ("a fox", "merry")


async def test_each_of_several_prompts_has_the_words(stocked: House) -> None:
    offer = await stocked.guest().type("/imagine {merry, sad} fox adapters:merry")

    assert "1. merry fox\n2. sad fox, merry" in offer["content"]


async def test_the_last_part_of_the_list_is_suggested(stocked: House) -> None:
    first = await suggested(stocked, "water")
    second = await suggested(stocked, "watercolor:0.8,de")
    rest = await suggested(stocked, "merry, ")

    assert first == [{"name": "watercolor (wtrclr, wash)", "value": "watercolor:1"}]
    assert second == [{"name": "watercolor:0.8, Detail v1.5: More detail", "value": "watercolor:0.8, Detail v1.5:0.6"}]
    assert [each["value"] for each in rest] == ["merry, Detail v1.5:0.6", "merry, watercolor:1"]
    assert await suggested(stocked, "", model="bare") == []


async def test_a_remix_keeps_them_and_can_leave_them_out(stocked: House) -> None:
    ada = stocked.guest()
    result = await ada.type("/imagine a merry fox adapters:merry:0.5")
    kept = await ada.follow((await ada.push(result, "Remix"))["interaction"])
    await ada.follow((await ada.push(kept, "Remix"))["interaction"], fields={"settings": "steps: 3"})
    adapters = [attempt.request.adapters for attempt in stocked.executor.attempts]

    assert adapters == [(("merry", 0.5),), (("merry", 0.5),), ()]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("adapters:oil", "has no LoRA oil here. There are: Detail v1.5, merry, watercolor."),
        ("adapters:../loras/merry", "has no LoRA ../loras/merry here"),
        ("adapters:merry:much", "cannot read “much” as the strength of merry"),
        ("adapters:merry:9", "strength of a LoRA goes from -2 to 2"),
        ("adapters:merry:nan", "strength of a LoRA goes from -2 to 2"),
        ("adapters:merry, merry", "each of them once"),
        ("adapters:merry model:bare", "has no LoRAs here"),
    ],
)
async def test_what_cannot_be_added_is_told(stocked: House, given: str, sentence: str) -> None:
    assert sentence in (await stocked.guest().type(f"/imagine a fox {given}"))["content"]


async def test_a_file_that_is_put_there_later_is_found(stocked: House) -> None:
    await suggested(stocked, "")
    folder = stocked.studio.catalogue["demo"].adapters
    assert folder is not None
    save_file(LORA, folder / "new.safetensors")

    assert [each["value"] for each in await suggested(stocked, "new")] == ["new:1"]
    assert "new" in read_adapters(folder)


async def test_a_folder_that_is_not_there_holds_nothing(stocked: House, tmp_path: Path) -> None:
    demo = stocked.studio.catalogue["demo"]
    stocked.studio.catalogue.offered = {"demo": demo.model_copy(update={"adapters": tmp_path / "nowhere"})}

    assert await suggested(stocked, "") == []
