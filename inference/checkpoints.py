"""Which checkpoints there are and what each can do: config/models.toml as typed values."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum, unique
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from config.settings import ROOT, ConfigError, describe
from inference.request import GUIDANCE, STEPS, Sampler

TABLES = ("upscalers", "captioners", "segmenters")  # of models.toml, whose entries are no checkpoints
Entry = TypeVar("Entry", bound=BaseModel)


@unique
class Family(StrEnum):
    """The architectures that the engine knows."""

    SD1 = "sd1"
    SD2 = "sd2"
    SDXL = "sdxl"


def _from_root(path: Path) -> Path:
    return (ROOT / path).resolve()


Folder = Annotated[Path, AfterValidator(_from_root)]


class Weights(BaseModel):
    """Where weights lie: a folder, or a hub id at a pinned revision. Safetensors only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    revision: str | None = Field(default=None, pattern="^[0-9a-f]{40}$")
    subfolder: str = ""
    variant: str | None = None
    file: str | None = None  #: one weights file, where the repository holds several

    @property
    def folder(self) -> Path | None:
        """The folder, where `source` names one (a path that starts with "." or "/")."""
        return _from_root(Path(self.source)) if self.source.startswith((".", "/")) else None

    @model_validator(mode="after")
    def _hub_is_pinned(self) -> Self:
        if self.folder is None and self.revision is None:
            raise ValueError("a hub id needs the revision it is pinned to (40 hexadecimal digits)")
        return self


class ImageCheck(BaseModel):
    """The two networks that look at finished pictures; the policy says what follows from what they see."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checker: Weights  #: a StableDiffusionSafetyChecker
    classifier: Weights  #: an image classifier of transformers
    label: str  #: what the classifier calls a sexual picture


class Checkpoint(BaseModel):
    """One entry of models.toml. Sides are in pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    weights: Weights
    unet: Weights | None = None  #: replaces the UNet, as distilled few-step models do
    upscaler: Weights | None = None  #: an Upscaler's; without one /upscale enlarges by Lanczos
    adapters: Folder | None = None  #: of safetensors files, LoRAs and textual inversions, each called as its file
    upscale_strength: float = Field(default=0.3, ge=0, le=1)  #: how far enlarged pictures are redrawn
    inpaint_strength: float = Field(default=0.85, ge=0, le=1)  #: how far a masked part is redrawn, where nobody says
    family: Family
    native_side: int = Field(gt=0)  #: the side of the squares it was trained on
    side_multiple: int = Field(default=8, gt=0, multiple_of=8)
    min_side: int = Field(default=256, gt=0)
    max_side: int = Field(gt=0)
    max_pixels: int = Field(gt=0)
    sampler: Sampler
    samplers: tuple[Sampler, ...] = tuple(Sampler)
    scheduler: Mapping[str, str | float | bool] = {}  #: overrides of the repository's scheduler configuration
    num_inference_steps: int = Field(ge=STEPS[0], le=STEPS[1])
    guidance_scale: float = Field(ge=GUIDANCE[0], le=GUIDANCE[1])
    guided: bool = True  #: False: made for guidance 1, where a negative prompt has no effect
    negative_prompt: str = ""  #: that is used where nobody says one, or has one of their own
    licence: str
    licence_url: str
    memory_gib: float = Field(default=0.0, ge=0)  #: of a device, below which others are preferred; 0: any is enough
    image_check: Literal["closed world"] | ImageCheck  #: who looks at its pictures, or why nobody has to

    @property
    def memory(self) -> int:
        """The bytes of a device's memory that it needs."""
        return int(self.memory_gib * 2**30)


def load_checkpoints(path: Path) -> dict[str, Checkpoint]:
    """Return every checkpoint of the file by its name. Raises ConfigError that lists every problem."""
    entries = {name: entry for name, entry in read_tables(path).items() if name not in TABLES}
    return parse(path, Checkpoint, entries)


def first_check(checkpoints: Mapping[str, Checkpoint]) -> ImageCheck:
    """Return the image check of the first checkpoint that has one: it looks at files, whatever is made of them."""
    return next(each.image_check for each in checkpoints.values() if isinstance(each.image_check, ImageCheck))


def read_tables(path: Path) -> dict[str, Any]:
    """Return what the file holds. Raises ConfigError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None


def parse(path: Path, kind: type[Entry], entries: Mapping[str, Any], table: str = "") -> dict[str, Entry]:
    """Return the entries of one of the file's tables by their names. Raises ConfigError that lists every problem."""
    parsed, problems = {}, []
    for name, entry in entries.items():
        try:
            parsed[name] = kind(name=name, **entry)
        except ValidationError as error:
            problems.append(f"{path.name} [{table}{name}]\n{describe(error)}")
    if problems:
        raise ConfigError("\n".join(problems))
    return parsed
