"""The classifier reads meaning, knows its own weights, and learns the same from the same prompts."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from moderation import default_policy
from moderation.classifier import BUCKETS, LABELS, WEIGHTS, Classifier, encoder_folder, ngrams, shipped
from moderation.embedding import SIZE, WINDOW, Encoder
from moderation.rewording import restyled, shortened
from moderation.training import Examples, cross_validated, labelled, odds, ordinary, train


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(encoder_folder())


def test_sentences_of_one_meaning_lie_near_in_any_language_and_others_far(encoder: Encoder) -> None:
    fox, tax = (encoder.windows(text)[0] for text in ("a red fox in the snow", "an income tax form"))

    assert np.linalg.norm(fox) == pytest.approx(1, abs=1e-5)
    for text in (
        "a ginger vixen on a winter day",
        "un zorro rojo en la nieve",
        "un renard roux dans la neige",
        "ein roter Fuchs im Schnee",
        "uma raposa vermelha na neve",
        "рыжая лиса на снегу",
        "雪の中の赤い狐",
        "雪地里的红狐狸",
        "눈 속의 붉은 여우",
        "ثعلب أحمر في الثلج",
    ):
        assert fox @ encoder.windows(text)[0] > fox @ tax + 0.2, text


def test_a_long_text_is_read_to_its_end(encoder: Encoder) -> None:
    fox = ("fox " * (WINDOW // 4)).strip()

    windows = encoder.windows(f"{fox} {fox} harbour")

    assert windows.shape == (3, SIZE)
    assert windows[0] @ windows[1] == pytest.approx(1, abs=1e-5)
    assert windows[1] @ windows[2] < 0.9


def test_another_model_is_not_taken_for_the_pinned_one(tmp_path: Path) -> None:
    shutil.copytree(encoder_folder(), tmp_path, dirs_exist_ok=True)
    tokens = tmp_path / "sp.model"
    tokens.write_bytes(tokens.read_bytes()[:-1] + b"?")

    with pytest.raises(ValueError, match=r"sp\.model is not the pinned model"):
        Encoder(tmp_path)


def test_a_reworded_prompt_asks_for_the_same() -> None:
    random = np.random.default_rng(0)
    text = "A detailed illustration of a red fox in the snow, with pines, at the end of a very long winter day"

    styles = {restyled(text, random) for _ in range(40)}
    cuts = {shortened(text, random) for _ in range(40)}

    assert len(styles) > 10
    assert all("a red fox in the snow, with pines" in style for style in styles)
    assert cuts == {"a red fox in the snow"}
    assert shortened("fox " * 50, random).count("fox") < 14


def test_the_ngrams_say_nothing_of_what_is_not_english(encoder: Encoder) -> None:
    weights = load_file(WEIGHTS)
    loud = weights | {"ngrams.weight": np.full_like(weights["ngrams.weight"], 9) * np.arange(len(LABELS))}

    def differ(prompt: str) -> bool:
        return Classifier(encoder, weights).judge(prompt) != Classifier(encoder, loud).judge(prompt)

    assert differ("a red fox in the snow")
    assert not differ("un zorro rojo en la nieve")


def test_weights_of_another_shape_are_refused(encoder: Encoder) -> None:
    weights = load_file(WEIGHTS)

    with pytest.raises(ValueError, match="not the weights"):
        Classifier(encoder, weights | {"output.bias": np.zeros(3, np.float16)})
    with pytest.raises(ValueError, match="no number"):
        Classifier(encoder, weights | {"output.bias": np.full(len(LABELS), np.nan, np.float16)}).judge("a fox")


def test_every_label_is_one_of_the_policy() -> None:
    policy = default_policy()

    assert all(policy.find(label) for label in LABELS[1:])


def test_ngrams_know_neither_case_nor_spacing() -> None:
    assert np.array_equal(ngrams("A  red\nfox"), ngrams("a red fox"))
    assert ngrams("a red fox").max() < BUCKETS


def test_an_empty_prompt_is_harmless() -> None:
    assert shipped().judge("").of_any(LABELS[1:]) < default_policy().classifier.threshold


def test_training_learns_a_stand_in_and_the_same_seed_gives_the_same_weights(encoder: Encoder, tmp_path: Path) -> None:
    places = ("in a park", "on a hill", "by the sea", "at night", "in the rain", "on a roof", "in a boat", "at school")
    rows = [
        f"{what} {place},{label},violence"
        for place in places
        for what, label in (("a fox", "benign"), ("a toaster", "unsafe"))
    ]
    (tmp_path / "stand_in.csv").write_text(
        "\n".join(["prompt,label,category", *rows, "a copied logo,unsafe,copyright_violations"])
    )
    examples = Examples(labelled(tmp_path), encoder)
    everything = np.arange(len(examples.labels))
    first, second = train(examples, everything), train(examples, everything)
    found = cross_validated(examples)

    assert len(everything) == 3 * len(rows), "as written and in two wordings, but for what is no matter of the policy"
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert (odds(first, examples, everything) > 0).tolist() == (examples.labels > 0).tolist()
    assert found[examples.labels > 0].min() > found[examples.labels == 0].max()


def test_our_own_harmless_prompts_are_complete_sentences_in_ten_languages() -> None:
    prompts = list(ordinary())

    assert len({source for _, _, source in prompts}) == 11, "nine languages besides English, and the scenes"
    assert all(label == 0 and "{" not in prompt for prompt, label, _ in prompts)
    assert len({prompt for prompt, _, _ in prompts}) == len(prompts) > 500


def test_letters_that_the_encoder_lacks_hide_nothing_that_stands_beside_them() -> None:
    padded, plain = (shipped().judge(text) for text in ("समुद्र के ऊपर सूर्यास्त " * 8 + "a red fox", "a red fox"))

    assert padded.odds == plain.odds
    assert set(shipped().judge("समुद्र के ऊपर सूर्यास्त").odds.values()) == {-np.inf}
