"""A captioning network of transformers, on the processor."""

from typing import Any, Self

import torch
from PIL import Image
from transformers import AutoProcessor, BlipForConditionalGeneration

from inference.engine.weights import locate_network
from inference.viewers import Viewer

MOST_TOKENS = 40
BEAMS = 3


class Describer:
    """Puts pictures into words with BLIP (Li et al. 2022, arXiv 2201.12086); the same picture into the same words."""

    def __init__(self, processor: Any, network: Any) -> None:
        self._processor = processor
        self._network = network

    @classmethod
    def load(cls, captioner: Viewer) -> Self:
        """Load the network. Raises CheckpointUnusable, OSError or ValueError where it is missing or another one."""
        weights = captioner.weights
        folder = locate_network(weights)
        make: Any = AutoProcessor
        processor = make.from_pretrained(folder, local_files_only=True)
        network: Any = BlipForConditionalGeneration.from_pretrained(
            folder, variant=weights.variant, use_safetensors=True, local_files_only=True
        )
        return cls(processor, network.float().eval())

    @torch.inference_mode()
    def describe(self, image: Image.Image) -> str:
        """Return what the image shows, in a few words."""
        seen = self._processor(images=image, return_tensors="pt")
        tokens = self._network.generate(**seen, max_new_tokens=MOST_TOKENS, num_beams=BEAMS, do_sample=False)
        return str(self._processor.decode(tokens[0], skip_special_tokens=True)).strip()
