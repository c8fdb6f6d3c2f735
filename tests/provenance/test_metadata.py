import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.metadata import MADE_BY_A_MODEL, from_exif, parameters, parse, to_exif, xmp


def test_the_text_has_the_web_uis_form(facts):
    assert parameters(facts) == (
        "a lighthouse, oil on canvas\n"
        "Negative prompt: fog\n"
        "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 0, Size: 512x512,"
        ' Model hash: ababababab, Model: "demo, first", Record: 7KQ2ZD4M0X, Version: imagine-bot 0.1.0'
    )


def test_what_was_written_is_read_back(facts):
    settings = parse(parameters(replace(facts, strength=0.75)))

    assert settings["Prompt"] == facts.prompt
    assert settings["Negative prompt"] == "fog"
    assert (settings["Seed"], settings["CFG scale"], settings["Denoising strength"]) == ("0", "7.5", "0.75")
    assert (settings["Size"], settings["Model"]) == ("512x512", "demo, first")


@pytest.mark.parametrize("prompt", ["two\nlines: with, marks", 'a "quoted" word', "Steps: 3, not settings", "猫 🐈"])
def test_prompts_of_every_kind_are_read_back(facts, prompt):
    assert parse(parameters(replace(facts, prompt=prompt)))["Prompt"] == prompt


def test_text_without_settings_is_all_prompt():
    assert parse("only a prompt\nSteps: 3, Seed: 4") == {
        "Prompt": "only a prompt\nSteps: 3, Seed: 4",
        "Negative prompt": "",
    }


@given(st.text())
def test_reading_a_strangers_text_never_fails(text):
    assert {"Prompt", "Negative prompt"} <= set(parse(text))


def test_who_keeps_the_prompt_private_still_publishes_the_settings(facts):
    text = parameters(replace(facts, publish_prompt=False))

    assert "lighthouse" not in text
    assert "fog" not in text
    assert parse(text)["Prompt"] == ""
    assert parse(text)["Seed"] == "0"


def test_no_discord_id_is_published(facts):
    assert not re.search(r"\d{15,}", parameters(facts) + xmp(facts))


def test_xmp_declares_the_digital_source_type(facts):
    packet = xmp(replace(facts, version='<&"bot"'))
    description = next(
        ElementTree.fromstring(packet.partition("?>")[2].rpartition("<?")[0]).iter(
            "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
        )
    )

    assert description.attrib["{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"] == MADE_BY_A_MODEL
    assert description.attrib["{http://ns.adobe.com/xap/1.0/}CreatorTool"] == '<&"bot"'


@pytest.mark.parametrize("text", ["plain", "猫 🐈\nשלום"])
def test_exif_keeps_the_text(text):
    from PIL import Image

    exif = Image.Exif()
    exif.load(to_exif(text))

    assert from_exif(exif) == text
