"""Makes pictures with a trained model, many at a time, through the diffusers library's own pipelines."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img import StableDiffusionImg2ImgPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_inpaint import StableDiffusionInpaintPipeline
from PIL import Image

from demo_model.world.drawer import SIDE, Picture

STEPS = 20
BATCH = {"cpu": 4, "cuda": 64}


class Painter:
    """A model on a device. Equal seeds give equal pictures."""

    def __init__(self, pipeline: Any, device: torch.device, steps: int) -> None:
        self.steps = steps
        self._device = device
        self._pipeline = pipeline.to(device)
        others: list[Any] = [StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline]
        self._from_picture, self._into_picture = (
            other(**pipeline.components, requires_safety_checker=False) for other in others
        )
        for one in (self._pipeline, self._from_picture, self._into_picture):
            one.set_progress_bar_config(disable=True)

    @classmethod
    def load(cls, folder: Path, device: torch.device, steps: int = STEPS) -> "Painter":
        """Read a model in StableDiffusionPipeline format."""
        pipeline: Any = StableDiffusionPipeline
        return cls(pipeline.from_pretrained(folder, dtype=torch.float32, local_files_only=True), device, steps)

    def paint(
        self, prompts: Sequence[str], seeds: Sequence[int], guidance: float, negative: Sequence[str] | None = None
    ) -> list[Picture]:
        """Return a picture for every prompt and seed."""
        settings = {"guidance_scale": guidance, "height": SIDE, "width": SIDE}
        lists = {"prompt": prompts, "generator": self._generators(seeds)}
        if negative is not None:
            lists["negative_prompt"] = negative
        return self._run(self._pipeline, lists, settings)

    def repaint(
        self, prompts: Sequence[str], sources: Sequence[Picture], seeds: Sequence[int], guidance: float, strength: float
    ) -> list[Picture]:
        """Return every source changed by the strength, from 0 to 1, towards its prompt."""
        lists = {"prompt": prompts, "image": _images(sources), "generator": self._generators(seeds)}
        return self._run(self._from_picture, lists, {"guidance_scale": guidance, "strength": strength})

    def inpaint(
        self, prompts: Sequence[str], sources: Sequence[Picture], mask: Picture, seeds: Sequence[int], guidance: float
    ) -> list[Picture]:
        """Return every source painted anew where the mask, of shape [side, side], is white."""
        masks = [Image.fromarray(mask)] * len(prompts)
        lists = {"prompt": prompts, "image": _images(sources), "mask_image": masks}
        lists["generator"] = self._generators(seeds)
        settings = {"guidance_scale": guidance, "strength": 1.0, "height": SIDE, "width": SIDE}
        return self._run(self._into_picture, lists, settings)

    @torch.no_grad()
    def decoded(self, sources: Sequence[Picture]) -> list[Picture]:
        """Return every source as the autoencoder gives it back."""
        vae, processor = self._pipeline.vae, self._pipeline.image_processor
        made = []
        for source in _images(sources):
            latents = vae.encode(processor.preprocess(source).to(self._device)).latent_dist.mode()
            (picture,) = processor.postprocess(vae.decode(latents).sample, output_type="np")
            made.append(np.asarray((picture * 255).round(), np.uint8))
        return made

    def _generators(self, seeds: Sequence[int]) -> list[torch.Generator]:
        return [torch.Generator("cpu").manual_seed(seed) for seed in seeds]

    def _run(self, pipeline: Any, lists: dict[str, Any], settings: dict[str, Any]) -> list[Picture]:
        batch, made = BATCH[self._device.type], []
        for start in range(0, len(lists["prompt"]), batch):
            part = {name: list(values[start : start + batch]) for name, values in lists.items()}
            output = pipeline(**part, **settings, num_inference_steps=self.steps, output_type="np")
            made += [np.asarray((picture * 255).round(), np.uint8) for picture in output.images]
        return made


def _images(pictures: Sequence[Picture]) -> list[Image.Image]:
    return [Image.fromarray(picture) for picture in pictures]
