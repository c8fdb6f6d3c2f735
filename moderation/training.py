"""Trains the prompt classifier on labelled prompts that stay outside the repository.

`python -m moderation.training --data FOLDER` reads every CSV file there (prompt, and where there are any label and
category), prints by cross-validation which share each threshold flags, and writes the weights. It keeps no prompt.
"""

import argparse
import csv
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from moderation.classifier import BUCKETS, LABELS, WEIGHTS, encoder_folder, log_odds, ngrams, perceive, spell
from moderation.embedding import SIZE, Encoder
from moderation.normalise import legible
from moderation.rewording import restyled, shortened

Array = NDArray[Any]

#: The label that an unsafe prompt of a category breaks; prompts of other categories are no matter of the policy.
BREACHES = {
    "violence": "harm",
    "unethical": "harm",
    "unethical_unsafe_action": "harm",
    "discrimination": "i",
    "illegal_activities": "a",
    "self_harm": "self_harm",
    "privacy_individual": "d",
    "privacy_public": "d",
    "sexual_content": "nudity",
}
_FOLDS = 4
_HIDDEN = 256
_EPOCHS = 20
_BATCH = 256
_RATE = 3e-3
_DECAY = 1e-4
_DROPPED = 0.5
_NGRAM_EPOCHS = 5
_NGRAM_RATE = 0.5
# The n-grams learn the style of a data set more readily than the embeddings do: they count for half.
_NGRAM_SHARE = 0.5
#: Real prompts are few beside captions and teach most: they weigh more.
_UNLABELLED_WEIGHTS = {"discord": 4.0, "coco": 0.5, "ordinary": 2.0}
_UNSAFE_WEIGHT = 1.5
_ORDINARY = Path(__file__).with_name("ordinary.toml")
#: A scene is drawn with every second of the people.
_EVERY = 2
_WAYS = ("", " restyled", " shortened")
_REWORDED = 0.5


class Examples:
    """Prompts as the classifier sees them, as written, restyled and cut short.

    Row for row: embeddings, n-grams, labels (numbers in LABELS), weights, sources, and the number of the prompt that
    the row comes from.
    """

    def __init__(self, rows: Iterable[tuple[str, int, str]], encoder: Encoder) -> None:
        prompts = [(legible(prompt), label, source) for prompt, label, source in rows]
        random = np.random.default_rng(0)
        texts = [text for text, _, _ in prompts]
        texts += [restyled(text, random) for text, _, _ in prompts] + [
            shortened(text, random) for text, _, _ in prompts
        ]
        self.prompts = np.tile(np.arange(len(prompts)), 3)
        self.labels = np.array([label for _, label, _ in prompts] * 3)
        self.sources = np.array([f"{source}{way}" for way in _WAYS for _, _, source in prompts])
        weights = np.array([_weight(label, source) for _, label, source in prompts], dtype=np.float32)
        self.weights = np.concatenate([weights, weights * _REWORDED, weights * _REWORDED])
        self.embeddings = np.stack([encoder.windows(text).mean(axis=0) for text in texts])
        self.ngrams = [ngrams(text) for text in texts]


def train(examples: Examples, chosen: Array, seed: int = 0) -> dict[str, Array]:
    """Return the weights that the chosen examples (row numbers) teach; the same seed gives the same weights."""
    random = np.random.default_rng(seed)
    return _perceptron(examples, chosen, random) | {"ngrams.weight": _linear(examples, chosen, random) * _NGRAM_SHARE}


def odds(weights: Mapping[str, Array], examples: Examples, chosen: Array) -> Array:
    """Return the log-odds of a breach for each chosen example."""
    spelled = np.stack([spell(weights, examples.ngrams[row]) for row in chosen])
    return log_odds(perceive(weights, examples.embeddings[chosen]) + spelled)


def cross_validated(examples: Examples) -> Array:
    """Return each example's log-odds, judged by a classifier that did not learn from it."""
    folds = np.random.default_rng(0).integers(0, _FOLDS, len(examples.labels))[examples.prompts]
    found = np.zeros(len(folds))
    for fold in range(_FOLDS):
        weights = train(examples, np.flatnonzero(folds != fold))
        held = np.flatnonzero(folds == fold)
        found[held] = odds(weights, examples, held)
    return found


def labelled(folder: Path) -> Iterator[tuple[str, int, str]]:
    """Yield prompt, label (its number in LABELS) and source of every prompt in the folder's CSV files."""
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                unsafe = row.get("label") == "unsafe"
                if not unsafe or row["category"] in BREACHES:
                    label = LABELS.index(BREACHES[row["category"]]) if unsafe else 0
                    yield row["prompt"], label, path.stem


def ordinary() -> Iterator[tuple[str, int, str]]:
    """Yield the harmless prompts of our own: each scene with some of the people, and each sentence."""
    said = tomllib.loads(_ORDINARY.read_text(encoding="utf-8"))
    people, scenes = said.pop("people"), said.pop("scenes")
    for number, scene in enumerate(scenes):
        for each in people[number % _EVERY :: _EVERY]:
            yield scene.format(each), 0, "ordinary"
    for language, prompts in said.items():
        yield from ((prompt, 0, f"ordinary {language}") for prompt in prompts)


def _weight(label: int, source: str) -> float:
    known = (weight for name, weight in _UNLABELLED_WEIGHTS.items() if source.startswith(name))
    return _UNSAFE_WEIGHT if label else next(known, 1.0)


def _perceptron(examples: Examples, chosen: Array, random: np.random.Generator) -> dict[str, Array]:
    """Train the layers on the embeddings: Adam on the weighted cross-entropy, with dropout and a falling rate."""
    weights = {
        "hidden.weight": random.normal(0, 3 / np.sqrt(SIZE), (SIZE, _HIDDEN)),
        "hidden.bias": np.zeros(_HIDDEN),
        "output.weight": random.normal(0, 1 / np.sqrt(_HIDDEN), (_HIDDEN, len(LABELS))),
        "output.bias": np.zeros(len(LABELS)),
    }
    first, second = ({name: np.zeros_like(array) for name, array in weights.items()} for _ in range(2))
    step = 0
    for epoch in range(_EPOCHS):
        rate = _RATE * (1 + np.cos(np.pi * epoch / _EPOCHS)) / 2
        for rows in np.array_split(random.permutation(chosen), max(1, len(chosen) // _BATCH)):
            step += 1
            for name, slope in _slopes(weights, examples, rows, random).items():
                first[name] += 0.1 * (slope - first[name])
                second[name] += 0.001 * (slope * slope - second[name])
                scale = np.sqrt(second[name] / (1 - 0.999**step)) + 1e-8
                weights[name] -= rate * first[name] / (1 - 0.9**step) / scale
    return weights


def _slopes(
    weights: Mapping[str, Array], examples: Examples, rows: Array, random: np.random.Generator
) -> dict[str, Array]:
    """Return the gradient of the loss of a batch."""
    inputs = examples.embeddings[rows]
    before = inputs @ weights["hidden.weight"] + weights["hidden.bias"]
    gate = (before > 0) * (random.random(before.shape) > _DROPPED) / (1 - _DROPPED)
    hidden = before * gate
    error = _error(hidden @ weights["output.weight"] + weights["output.bias"], examples.labels[rows])
    error *= examples.weights[rows, None] / len(rows)
    back = (error @ weights["output.weight"].T) * gate
    return {
        "hidden.weight": inputs.T @ back + _DECAY * weights["hidden.weight"],
        "hidden.bias": back.sum(axis=0),
        "output.weight": hidden.T @ error + _DECAY * weights["output.weight"],
        "output.bias": error.sum(axis=0),
    }


def _linear(examples: Examples, chosen: Array, random: np.random.Generator) -> Array:
    """Train the n-grams' weights: AdaGrad, one example at a time, as each touches few of them."""
    weights = np.zeros((BUCKETS, len(LABELS)))
    squares = np.full((BUCKETS, 1), 1e-6)
    for _ in range(_NGRAM_EPOCHS):
        for row in random.permutation(chosen):
            buckets = examples.ngrams[row]
            error = _error(spell({"ngrams.weight": weights}, buckets)[None], examples.labels[[row]])
            slope = error * examples.weights[row] / np.sqrt(max(1, len(buckets)))
            squares[buckets] += (slope * slope).sum()
            weights[buckets] -= _NGRAM_RATE * slope / np.sqrt(squares[buckets])
    return weights


def _error(scores: Array, labels: Array) -> Array:
    """Return the slope of the cross-entropy in the scores: the softmax less one for the true label."""
    likely = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely /= likely.sum(axis=1, keepdims=True)
    likely[np.arange(len(labels)), labels] -= 1
    error: Array = likely
    return error


def _report(examples: Examples, found: Array) -> str:
    thresholds = np.arange(-4, 1.1, 0.5)
    lines = [f"{'threshold':40}" + "".join(f"{threshold:8.1f}" for threshold in thresholds)]
    for source, kind, part in _parts(examples):
        shares = (f"{(found[part] > threshold).mean():8.2%}" for threshold in thresholds)
        lines.append(f"{source + ': ' + kind:40}" + "".join(shares))
    return "\n".join(lines)


def _parts(examples: Examples) -> list[tuple[str, str, Array]]:
    parts = [
        (str(source), LABELS[label], np.flatnonzero((examples.sources == source) & (examples.labels == label)))
        for source in np.unique(examples.sources)
        for label in range(len(LABELS))
    ]
    return [part for part in parts if len(part[2])]


def main() -> None:
    """Train on the folder that is named, report, and write the weights."""
    parser = argparse.ArgumentParser(description="train the prompt classifier")
    parser.add_argument("--data", type=Path, required=True, help="a folder of CSV files: prompt[,label,category]")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    arguments = parser.parse_args()
    examples = Examples((*labelled(arguments.data), *ordinary()), Encoder(encoder_folder()))
    print(_report(examples, cross_validated(examples)))
    weights = train(examples, np.arange(len(examples.labels)))
    save_file({name: np.ascontiguousarray(array, dtype=np.float16) for name, array in weights.items()}, arguments.out)
    print(f"wrote {arguments.out}")


if __name__ == "__main__":
    main()
