"""Captions: they say what is there, in many ways, with words the tokenizer knows."""

import re
from pathlib import Path

import numpy as np
import pytest

from demo_model.train.tokens import LENGTH, read_tokenizer, write_tokenizer
from demo_model.world.captions import caption
from demo_model.world.sampler import sample
from demo_model.world.scene import Colour, Style
from demo_model.world.words import COLOURS, KINDS, LANDSCAPES, NUMBERS, PLACES, RELATIONS, STYLES, plural, vocabulary

SPATIAL = {word for words in RELATIONS.values() for word in words}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory):
    folder: Path = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(folder)
    return read_tokenizer(folder)


def says(text: str, words) -> bool:
    return any(re.search(rf"\b{re.escape(word)}\b", text) for word in words)


def test_a_complete_caption_names_every_fact() -> None:
    dice = np.random.default_rng(0)
    for _ in range(500):
        scene = sample(dice)
        text = caption(scene, dice, complete=True)
        for group in scene.groups:
            nouns = KINDS[group.kind]
            assert says(text, map(plural, nouns) if len(group.spots) > 1 else nouns), text
            assert says(text, COLOURS[group.colour]), text
            assert len(group.spots) == 1 or says(text, NUMBERS[len(group.spots)]), text
        if isinstance(scene.backdrop, Colour):
            assert says(text, COLOURS[scene.backdrop]), text
        else:
            assert says(text, LANDSCAPES[scene.backdrop]), text
        assert scene.place is None or says(text, PLACES[scene.place]), text
        assert scene.relation is None or says(text, SPATIAL), text
        assert scene.style is Style.SHADED or says(text, STYLES[scene.style]), text


def test_one_scene_is_told_in_many_ways() -> None:
    dice = np.random.default_rng(1)
    scene = next(scene for scene in (sample(dice) for _ in range(100)) if scene.relation is not None)

    told = {caption(scene, dice) for _ in range(200)}
    assert len(told) > 100
    assert len({text.split()[0] for text in told}) > 5


def test_the_same_dice_say_the_same() -> None:
    scene = sample(np.random.default_rng(2))

    assert caption(scene, np.random.default_rng(3)) == caption(scene, np.random.default_rng(3))


def test_articles_fit_their_words() -> None:
    dice = np.random.default_rng(4)
    for _ in range(500):
        assert not re.search(r"\ba [aeiou]", caption(sample(dice), dice))


def test_every_word_of_the_world_is_one_token(tokenizer) -> None:
    for word in vocabulary():
        assert len(tokenizer(word).input_ids) == 3, word


def test_captions_are_made_of_known_words_and_fit(tokenizer) -> None:
    dice = np.random.default_rng(5)
    known = set(vocabulary())
    for _ in range(500):
        text = caption(sample(dice), dice)
        assert set(re.findall(r"[a-z]+", text)) <= known, text
        assert len(tokenizer(text).input_ids) < LENGTH / 2, text


@pytest.mark.parametrize("text", ["Ein grüner Fuchs 🦊 läuft", "赤い星", "zyzzyva!?", "", "\x00\x7f", "a" * 500])
def test_any_text_can_be_encoded(tokenizer, text: str) -> None:
    tokens = tokenizer(text, padding="max_length", truncation=True).input_ids

    assert len(tokens) == LENGTH
    assert tokens[0] == len(tokenizer) - 2
    assert tokens[-1] == len(tokenizer) - 1
    assert max(tokens) < len(tokenizer)


def test_unknown_words_come_back_as_they_went_in(tokenizer) -> None:
    text = "zyzzyva grün 星"

    assert text == tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=True)
