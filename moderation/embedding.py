"""Sentence embeddings: all-MiniLM-L6-v2 (a six-layer BERT) in numpy, so that no torch is needed to judge a prompt."""

import hashlib
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load
from tokenizers import Tokenizer

Floats = NDArray[np.float32]

#: Of model.safetensors in the official release sentence-transformers/all-MiniLM-L6-v2.
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SIZE = 384
#: The most tokens read at once; a longer text is read in windows, so that its end is judged as well.
WINDOW = 126
_FIRST, _LAST = 101, 102  # [CLS] and [SEP]
_LAYERS = 6
_HEADS = 12
_EPSILON = 1e-12
# erf by Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: error below 1.5e-7.
_ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


class Encoder:
    """Turns text into unit vectors of SIZE numbers."""

    def __init__(self, folder: Path) -> None:
        """Read the model from a folder. Raises OSError where a file is missing, ValueError for another model."""
        weights = (folder / "model.safetensors").read_bytes()
        if hashlib.sha256(weights).hexdigest() != SHA256:
            raise ValueError(f"{folder / 'model.safetensors'} is not the pinned model")
        # Linear layers are stored outputs first; turned round once, each product takes half the time.
        self._weights: dict[str, Floats] = {
            name: np.ascontiguousarray(array.T) if name.startswith("encoder.") else array
            for name, array in load(weights).items()
        }
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def windows(self, text: str) -> Floats:
        """Return one embedding for each window of the text: an array of shape (windows, SIZE)."""
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        parts = [ids[start : start + WINDOW] for start in range(0, max(1, len(ids)), WINDOW)]
        return np.stack([self._embed([_FIRST, *part, _LAST]) for part in parts])

    def _embed(self, ids: list[int]) -> Floats:
        words = self._weights["embeddings.word_embeddings.weight"][ids]
        places = self._weights["embeddings.position_embeddings.weight"][: len(ids)]
        hidden = self._norm(
            words + places + self._weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm"
        )
        for layer in range(_LAYERS):
            hidden = self._layer(hidden, f"encoder.layer.{layer}")
        mean: Floats = hidden.mean(axis=0)
        return mean / np.linalg.norm(mean)

    def _layer(self, hidden: Floats, name: str) -> Floats:
        attended = self._linear(self._attention(hidden, f"{name}.attention.self"), f"{name}.attention.output.dense")
        hidden = self._norm(hidden + attended, f"{name}.attention.output.LayerNorm")
        inner = _gelu(self._linear(hidden, f"{name}.intermediate.dense"))
        return self._norm(hidden + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _attention(self, hidden: Floats, name: str) -> Floats:
        query, key, value = (
            self._linear(hidden, f"{name}.{part}").reshape(len(hidden), _HEADS, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / np.float32(math.sqrt(SIZE / _HEADS))
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed: Floats = (scores / scores.sum(axis=-1, keepdims=True)) @ value
        return mixed.transpose(1, 0, 2).reshape(len(hidden), SIZE)

    def _linear(self, values: Floats, name: str) -> Floats:
        return values @ self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]

    def _norm(self, values: Floats, name: str) -> Floats:
        centred = values - values.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
        normal: Floats = centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return normal


def _gelu(values: Floats) -> Floats:
    scaled = np.abs(values) * np.float32(math.sqrt(0.5))
    step = 1 / (1 + np.float32(0.3275911) * scaled)
    tail = np.zeros_like(step)
    for factor in reversed(_ERF):
        tail = (tail + np.float32(factor)) * step
    erf = np.copysign(1 - tail * np.exp(-scaled * scaled), values)
    half: Floats = 0.5 * values * (1 + erf)
    return half
