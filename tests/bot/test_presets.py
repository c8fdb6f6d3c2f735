"""/preset, and presets in what is drawn."""

import pytest
from bot_kit import House
from hypothesis import given
from hypothesis import strategies as st
from strict_policy import id_of

from bot import styles
from bot.styles import apply, built_in, check_bounds
from config.words import UserError
from db.audit import Audit
from db.presets import Preset
from db.session import Database
from inference.request import Sampler

EPHEMERAL = 64


async def test_a_preset_goes_around_the_prompt_with_its_settings(house: House) -> None:
    ada = house.guest()
    saved = await ada.type(
        "/preset save name:Old  Map prompt:a map of {prompt}, ink negative_prompt:colour sampler:euler steps:9"
    )
    await ada.type("/imagine an island preset:OLD MAP negative_prompt:text guidance:0")
    request = house.executor.attempts[-1].request

    assert "**Preset old map**" in saved["content"]
    assert "steps: 9" in saved["content"]
    assert saved["flags"] & EPHEMERAL
    assert request.prompt == "a map of an island, ink"
    assert request.negative_prompt == "text, colour"
    assert (request.sampler, request.num_inference_steps, request.guidance_scale) == (Sampler.EULER, 9, 0)


async def test_an_option_goes_before_a_presets_setting(house: House) -> None:
    ada = house.guest()
    await ada.type("/preset save name:wide aspect:banner steps:9")
    await ada.type("/imagine a hill preset:wide steps:5 aspect:square")
    request = house.executor.attempts[-1].request

    assert (request.prompt, request.num_inference_steps) == ("a hill", 5)
    assert request.width == request.height


async def test_a_servers_preset_is_for_all_in_it_and_ones_own_goes_before(
    house: House, sqlite_database: Database
) -> None:
    ada, ben, mia = house.guest("ada"), house.guest("ben"), house.guest("mia")
    await mia.type("/preset save name:house prompt:in the style of the house server:true")
    await ada.type("/preset save name:house prompt:in my own style")
    drawn = []
    for guest in (ada, ben, house.guest("ben", "dm")):
        answer = await guest.type("/imagine a hill preset:house")
        drawn.append(house.executor.attempts[-1].request.prompt if answer["attachments"] else answer["content"])

    assert drawn[:2] == ["a hill, in my own style", "a hill, in the style of the house"]
    assert "There is no preset house" in drawn[2]
    acts = await Audit(sqlite_database).about(id_of(house, "mia"))
    assert [(act.action, act.details) for act in acts] == [("preset", {})]


@pytest.mark.parametrize("command", ["save name:x prompt:y server:true", "delete name:x server:true"])
async def test_a_servers_presets_are_the_moderators(house: House, command: str) -> None:
    for guest in (house.guest("ada"), house.guest("mia", "dm")):
        assert "who may manage messages" in (await guest.type(f"/preset {command}"))["content"]


async def test_presets_are_listed_shown_and_deleted(house: House) -> None:
    ada = house.guest()
    await ada.type("/preset save name:mine prompt:my *own* words")
    listed = (await ada.type("/preset list"))["content"]
    shown = (await ada.type("/preset show name:mine"))["content"]
    deleted = (await ada.type("/preset delete name:Mine"))["content"]
    again = (await ada.type("/preset delete name:mine"))["content"]

    assert "**mine**: my \\*own\\* words\n**photo**: photograph of" in listed
    assert "my *own* words" in shown
    assert "The preset mine is deleted" in deleted
    assert "There is no preset mine" in again


async def test_a_presets_words_are_checked_when_it_is_saved_and_again_when_it_is_used(strict_house: House) -> None:
    ada = strict_house.guest()
    for words in ("name:jam prompt:marmalade", "name:marmalade prompt:jam", "name:x negative_prompt:ada@example.org"):
        assert "This is not drawn" in (await ada.type(f"/preset save {words}"))["content"]
    await ada.type("/preset save name:jam prompt:{prompt}lade")

    assert "This is not drawn" in (await ada.type("/imagine marma preset:jam"))["content"]
    assert strict_house.executor.attempts == []


async def test_a_preset_may_stand_for_several_prompts(house: House) -> None:
    ada = house.guest()
    await ada.type("/preset save name:both prompt:{red, green} {prompt}")
    offer = await ada.type("/imagine bird preset:both")

    assert "1. red bird\n2. green bird" in offer["content"]


async def test_a_remix_can_put_a_preset_around_what_was_drawn(house: House) -> None:
    ada = house.guest()
    await ada.type("/preset save name:map prompt:a map of {prompt} steps:9")
    result = await ada.type(r"/imagine an island with \{huts\} steps:5")
    fields = {"settings": "preset: map\nsteps: 5"}
    await ada.follow((await ada.push(result, "Remix"))["interaction"], fields=fields)
    request = house.executor.attempts[-1].request

    assert request.prompt == "a map of an island with {huts}", "braces are nothing but braces in a remix"
    assert request.num_inference_steps == 5


async def test_no_more_are_kept_than_can_be_suggested(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(styles, "MOST", 2)
    ada = house.guest()
    for name in ("one", "two", "two"):
        assert "**Preset" in (await ada.type(f"/preset save name:{name} prompt:words"))["content"]

    assert "2 presets are the most" in (await ada.type("/preset save name:three prompt:words"))["content"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("name:none prompt:x", "not “none”"),
        (f"name:{'x' * 33} prompt:x", "at most 32 characters"),
        ("name:x", "needs words or a setting"),
        (f"name:x prompt:{'x' * 1001}", "at most 1,000 characters"),
        ("name:x prompt:{red", "without its }"),
        ("name:x sampler:best", "no sampler “best”"),
        ("name:x model:best", "no model best"),
        ("name:x aspect:best", "no aspect “best”"),
    ],
)
async def test_what_cannot_be_kept_is_told(house: House, given: str, sentence: str) -> None:
    assert sentence in (await house.guest().type(f"/preset save {given}"))["content"]


async def test_a_preset_of_a_model_that_has_gone_is_used_without_it(house: House) -> None:
    ada = house.guest()
    demo = house.studio.catalogue["demo"]
    house.studio.catalogue.offered = {"demo": demo, "old": demo.model_copy(update={"name": "old"})}
    await ada.type("/preset save name:old prompt:{prompt} in oil model:old")
    house.studio.catalogue.offered = {"demo": demo}
    result = await ada.type("/imagine a hill preset:old")

    assert house.executor.attempts[-1].request.prompt == "a hill in oil"
    assert "old is set somewhere, but there is no such thing here any more" in result["content"]


def test_those_that_come_with_it_are_as_good_as_any() -> None:
    for preset in built_in():
        check_bounds(preset)
        assert "a fox" in apply(preset, "a fox")


@given(st.text(max_size=30), st.text(max_size=30))
def test_the_prompt_is_always_in_it(prompt: str, template: str) -> None:
    assert prompt.strip() in apply(Preset(name="x", template=template), prompt)


def test_a_name_that_nobody_has_is_told_with_those_there_are() -> None:
    with pytest.raises(UserError, match="characters"):
        check_bounds(Preset(name="", template="x"))
