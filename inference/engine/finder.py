"""Where in a picture is what somebody calls by words: a segmentation network of transformers, on the processor."""

from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers import AutoImageProcessor, CLIPSegForImageSegmentation, CLIPTokenizer

from inference.engine.weights import locate_network
from inference.viewers import Viewer

TOKENS = 77


class Finder:
    """Finds things by words with CLIPSeg (Lüddecke and Ecker 2022, arXiv 2112.10003)."""

    def __init__(self, processor: Any, tokenizer: Any, network: Any) -> None:
        self._processor = processor
        self._tokenizer = tokenizer
        self._network = network

    @classmethod
    def load(cls, segmenter: Viewer) -> Self:
        """Load the network. Raises CheckpointUnusable, OSError or ValueError where it is missing or another one."""
        weights = segmenter.weights
        folder = locate_network(weights)
        make: Any = AutoImageProcessor
        processor = make.from_pretrained(folder, local_files_only=True)
        tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
        network: Any = CLIPSegForImageSegmentation.from_pretrained(
            folder, variant=weights.variant, use_safetensors=True, local_files_only=True
        )
        return cls(processor, tokenizer, network.float().eval())

    @torch.inference_mode()
    def find(self, image: Image.Image, words: str) -> NDArray[np.float32]:
        """Return how probably each point shows that: [rows, columns] of the picture as the network squeezes it."""
        pixels = self._processor(images=image, return_tensors="pt")
        tokens = self._tokenizer([words], truncation=True, max_length=TOKENS, return_tensors="pt")
        logits: torch.Tensor = self._network(**tokens, **pixels).logits
        seen: NDArray[np.float32] = logits.reshape(logits.shape[-2:]).sigmoid().numpy()
        return seen
