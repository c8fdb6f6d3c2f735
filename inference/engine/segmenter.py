"""Where in a picture is what somebody calls by words: CLIPSeg (Lüddecke and Ecker 2022, arXiv 2112.10003)."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers import AutoImageProcessor, CLIPSegForImageSegmentation, CLIPTokenizer

TOKENS = 77


class Segmenter:
    """A CLIPSegForImageSegmentation from its folder. Raises OSError and ValueError where that holds something else."""

    def __init__(self, folder: Path, variant: str | None) -> None:
        processor: Any = AutoImageProcessor
        self._processor = processor.from_pretrained(folder, local_files_only=True)
        self._tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
        network: Any = CLIPSegForImageSegmentation.from_pretrained(
            folder, variant=variant, use_safetensors=True, local_files_only=True
        )
        self._network = network.eval()

    @torch.inference_mode()
    def find(self, image: Image.Image, words: str) -> NDArray[np.float32]:
        """Return how probably each point shows that: [rows, columns] of the picture as the network squeezes it."""
        pixels = self._processor(images=image, return_tensors="pt")
        tokens = self._tokenizer([words], truncation=True, max_length=TOKENS, return_tensors="pt")
        logits: torch.Tensor = self._network(**tokens, **pixels).logits
        seen: NDArray[np.float32] = logits.reshape(logits.shape[-2:]).float().sigmoid().numpy()
        return seen
