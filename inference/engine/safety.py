"""The picture check: two networks look at every finished picture and tell in numbers what they see.

What the numbers lead to, the policy decides. What cannot be looked at raises, so that it goes no further.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageClassification

from inference.checkpoints import ImageCheck
from inference.engine.pictures import Picture, to_tensor

SIDE = 224
CARE = 0.01  # as in diffusers: what shows somebody young is looked at more strictly
# The mean and deviation of CLIP's training pictures, in 0..1 (openai/CLIP, clip.py).
MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)


class Margins(torch.nn.Module):
    """StableDiffusionSafetyChecker's networks, asked by how much a picture is over their thresholds.

    Its concepts are sexual content; those for special care are young people (Rando et al. 2022, arXiv 2210.04610).
    """

    def __init__(self, checker: Any) -> None:
        super().__init__()
        self.checker = checker

    def forward(self, views: torch.Tensor) -> torch.Tensor:
        """Return the two margins of each view, sexual and young: [n, 3, 224, 224] to [n, 2]."""
        checker = self.checker
        seen = checker.visual_projection(checker.vision_model(views)[1])
        young = _over(seen, checker.special_care_embeds, checker.special_care_embeds_weights)
        sexual = _over(seen, checker.concept_embeds, checker.concept_embeds_weights) + CARE * (young > 0)
        return torch.stack((sexual, young), dim=1)


class PictureCheck:
    """Looks at pictures with StableDiffusionSafetyChecker and with an image classifier of transformers.

    `checker` and `classifier` are the folders of what `check` names. Raises OSError and ValueError where one of them
    holds something else.
    """

    def __init__(self, check: ImageCheck, checker: Path, classifier: Path, device: torch.device) -> None:
        self._device = device
        found: Any = StableDiffusionSafetyChecker.from_pretrained(
            checker, variant=check.checker.variant, use_safetensors=True
        )
        self._margins = Margins(found).to(device).eval()
        processor: Any = AutoImageProcessor
        self._processor = processor.from_pretrained(classifier, local_files_only=True)
        second: Any = AutoModelForImageClassification.from_pretrained(
            classifier, variant=check.classifier.variant, use_safetensors=True, local_files_only=True
        )
        if check.label not in second.config.label2id:
            raise ValueError(f'the classifier knows no label "{check.label}", but {", ".join(second.config.label2id)}')
        self._label = int(second.config.label2id[check.label])
        self._classifier = second.to(device).eval()

    @property
    def networks(self) -> list[Any]:
        """The networks."""
        return [self._margins, self._classifier]

    @torch.inference_mode()
    def look(self, picture: Picture) -> dict[str, float]:
        """Return what the networks make of a picture, [height, width, 3]; of its squares the worst counts.

        "checker" and "youth" are margins over the checker's thresholds, "classifier" is a probability.
        """
        squares = [Image.fromarray(square) for square in squares_of(picture)]
        sexual, young = self._margins(views(squares).to(self._device)).amax(dim=0).tolist()
        inputs = self._processor(images=squares, return_tensors="pt").to(self._device)
        odds = self._classifier(**inputs).logits.float().softmax(dim=1)[:, self._label]
        return {"checker": sexual, "youth": young, "classifier": float(odds.max())}


def squares_of(picture: Picture) -> list[Picture]:
    """Return squares that cover the picture: itself, if it is one; else as many along its longer side as it takes.

    The networks see squares, and what they would crop away nobody would have looked at.
    """
    height, width, _ = picture.shape
    side, length = min(height, width), max(height, width)
    starts = np.linspace(0, length - side, -(-length // side)).round().astype(int).tolist()
    if height > width:
        return [picture[start : start + side] for start in starts]
    return [picture[:, start : start + side] for start in starts]


def _over(seen: torch.Tensor, concepts: torch.Tensor, thresholds: torch.Tensor) -> torch.Tensor:
    """Return by how much what is seen, [n, d], is nearer to one of the concepts, [m, d], than its threshold, [m]."""
    cosines = torch.nn.functional.normalize(seen) @ torch.nn.functional.normalize(concepts).T
    return (cosines - thresholds).amax(dim=1)


def views(squares: list[Image.Image]) -> torch.Tensor:
    """Return squares as CLIP sees them: [n, 3, 224, 224]."""
    small = [np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for square in squares]
    unit = torch.cat([to_tensor(each) for each in small]) / 2 + 0.5
    mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, DEVIATION))
    return (unit - mean) / deviation
