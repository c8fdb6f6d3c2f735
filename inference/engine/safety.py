"""The picture check that Stable Diffusion comes with. What it cannot check, it does not let through."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from PIL import Image

from inference.engine.pictures import Picture, to_tensor

CONCERN = "sexual content"
SIDE = 224
# The mean and deviation of CLIP's training pictures, in 0..1 (openai/CLIP, clip.py).
MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)


class SafetyCheck:
    """Looks at finished pictures with StableDiffusionSafetyChecker."""

    def __init__(self, folder: Path, device: torch.device, variant: str | None) -> None:
        self._device = device
        checker: Any = StableDiffusionSafetyChecker.from_pretrained(folder, variant=variant, use_safetensors=True)
        self.network = checker.to(device).eval()

    def concern(self, picture: Picture) -> str | None:
        """Return what is wrong with the picture, or None."""
        _, flagged = self.network(clip_input=self._view(picture), images=[picture])
        return CONCERN if flagged[0] else None

    def _view(self, picture: Picture) -> torch.Tensor:
        """Return the middle of the picture as CLIP sees it: [1, 3, 224, 224]."""
        image = Image.fromarray(picture)
        scale = SIDE / min(image.size)
        image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
        left, top = (image.width - SIDE) // 2, (image.height - SIDE) // 2
        unit = to_tensor(np.asarray(image.crop((left, top, left + SIDE, top + SIDE)))) / 2 + 0.5
        mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, DEVIATION))
        return ((unit - mean) / deviation).to(self._device)
