"""The classifier reads meaning, knows its own weights, and learns the same from the same prompts."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from moderation.classifier import BUCKETS, LABELS, WEIGHTS, Classifier, encoder_folder, ngrams, shipped
from moderation.embedding import SIZE, WINDOW, Encoder
from moderation.policy import default_policy
from moderation.training import Examples, cross_validated, odds, train


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(encoder_folder())


def test_sentences_of_one_meaning_lie_near_and_others_far(encoder: Encoder) -> None:
    fox, vulpine, tax = (encoder.windows(text)[0] for text in ("a red fox", "a ginger vixen", "an income tax form"))

    assert np.linalg.norm(fox) == pytest.approx(1, abs=1e-5)
    assert fox @ vulpine > fox @ tax + 0.2


def test_a_long_text_is_read_to_its_end(encoder: Encoder) -> None:
    windows = encoder.windows("fox " * (2 * WINDOW) + "harbour")

    assert windows.shape == (3, SIZE)
    assert windows[0] @ windows[1] == pytest.approx(1, abs=1e-5)
    assert windows[1] @ windows[2] < 0.9


def test_another_model_is_not_taken_for_the_pinned_one(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"another model")

    with pytest.raises(ValueError, match="pinned"):
        Encoder(tmp_path)


@pytest.mark.slow
def test_embeddings_are_those_of_the_reference(encoder: Encoder) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    tokenizer = transformers.AutoTokenizer.from_pretrained(encoder_folder())
    model = transformers.BertModel.from_pretrained(encoder_folder())
    for text in ("a red fox in the snow, 8k", "Füchse 🦊 und (Bären:1.2)", ""):
        with torch.no_grad():
            hidden = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0)
        expected = torch.nn.functional.normalize(hidden, dim=0).numpy()

        assert encoder.windows(text)[0] == pytest.approx(expected, abs=1e-5)


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
    assert shipped().judge("").log_odds < default_policy().classifier.threshold


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
    examples = Examples(tmp_path, encoder)
    everything = np.arange(len(examples.labels))
    first, second = train(examples, everything), train(examples, everything)
    found = cross_validated(examples)

    assert len(everything) == len(rows), "a category that is no matter of the policy is left out"
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert (odds(first, examples, everything) > 0).tolist() == (examples.labels > 0).tolist()
    assert found[examples.labels > 0].min() > found[examples.labels == 0].max()
