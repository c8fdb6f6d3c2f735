"""Which networks make pictures larger: the `upscalers` of config/models.toml."""

from collections.abc import Mapping
from enum import StrEnum, unique
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from config.settings import ConfigError
from inference.checkpoints import Checkpoint, Family, load_checkpoints, parse, read_tables
from inference.request import FACTORS, SIDE, Sampler


@unique
class UpscalerKind(StrEnum):
    """The kinds of upscalers that the engine knows."""

    DIFFUSION = "diffusion"  #: as in diffusers' StableDiffusionUpscalePipeline
    LATENT = "latent"  #: as in diffusers' StableDiffusionLatentUpscalePipeline
    ESRGAN = "esrgan"  #: one call of a network that spandrel reads


ALWAYS: Mapping[UpscalerKind, int] = {UpscalerKind.DIFFUSION: 4, UpscalerKind.LATENT: 2}  #: their factors


class UpscalerCheckpoint(Checkpoint):
    """An entry of `upscalers`: a checkpoint that makes pictures `factor` times as wide and high, and no new ones.

    `native_side` is that of the tiles that it makes.
    """

    kind: UpscalerKind
    factor: int
    needs: str = ""  #: on disk and in memory, in words, for the operator
    noise_level: int = Field(default=20, ge=0, lt=1000)  #: a diffusion upscaler's: how far its source is noised
    family: Family = Family.SD2
    native_side: int = Field(default=512, gt=0, multiple_of=64)
    max_side: int = SIDE[1]
    max_pixels: int = SIDE[1] ** 2
    sampler: Sampler = Sampler.EULER
    num_inference_steps: int = 1
    guidance_scale: float = 1.0

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.factor not in FACTORS or self.factor != ALWAYS.get(self.kind, self.factor):
            raise ValueError(f"a factor of {self.factor} is none that such an upscaler has")
        if self.kind is UpscalerKind.LATENT and self.samplers != (Sampler.EULER,):
            raise ValueError(f'it is made for the sampler "{Sampler.EULER}" alone: samplers = ["{Sampler.EULER}"]')
        return self


def load_upscalers(path: Path) -> dict[str, UpscalerCheckpoint]:
    """Return every upscaler of the file by its name. Raises ConfigError that lists every problem."""
    upscalers = parse(path, UpscalerCheckpoint, read_tables(path).get("upscalers", {}), "upscalers.")
    if twice := upscalers.keys() & load_checkpoints(path).keys():
        raise ConfigError(f"{path.name}: {', '.join(sorted(twice))} is the name of an upscaler and of a checkpoint")
    return upscalers
