"""Turns pictures into latents and captions into words read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import CLIPTokenizer

from demo_model.train.autoencoder import to_unit
from demo_model.train.tokens import tokens_of
from demo_model.world.drawer import Picture


@dataclass(frozen=True)
class Encoder:
    """The parts of the model that the UNet works between. They do not learn."""

    vae: Any
    text_encoder: Any
    tokenizer: CLIPTokenizer
    device: torch.device

    @torch.no_grad()
    def latents(self, pictures: Sequence[Picture]) -> torch.Tensor:
        """Return the pictures' latents, of shape [pictures, channels, height, width]."""
        unit = to_unit(torch.from_numpy(np.stack(pictures)).to(self.device))
        with torch.autocast(self.device.type, torch.bfloat16):
            latents: torch.Tensor = self.vae.encode(
                unit.contiguous(memory_format=torch.channels_last)
            ).latent_dist.mode()
        return latents.float()

    @torch.no_grad()
    def words(self, texts: Sequence[str]) -> torch.Tensor:
        """Return the captions as the text encoder reads them, of shape [texts, LENGTH, width]."""
        words: torch.Tensor = self.text_encoder(tokens_of(self.tokenizer, texts).to(self.device))[0]
        return words
