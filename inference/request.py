"""What somebody asks for: one frozen value, its bounds checked where it is born."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum, unique
from functools import cache
from typing import Any, Self

from pydantic import TypeAdapter

from config.words import UserError
from inference.window import Window

PROMPT_LENGTH = 2_000
SEEDS = 2**32
STEPS = (1, 150)
GUIDANCE = (0.0, 30.0)
COUNT = (1, 4)
SIDE = (64, 4096)
SIDE_MULTIPLE = 8
FACTORS = (2, 4)
MOST_ADAPTERS = 4
ADAPTER_WEIGHT = (-2.0, 2.0)
BLENDED = (2, 4)
MOST_VARIANTS = 25
MOST_VARIATIONS = 16  # of one another

Adapters = tuple[tuple[str, float], ...]  #: names and strengths


class InvalidRequest(UserError):
    """A setting lies outside of what any checkpoint could do."""


@unique
class Task(StrEnum):
    """What the engine does with a request."""

    TEXT_TO_IMAGE = "text_to_image"  #: from noise alone
    IMAGE_TO_IMAGE = "image_to_image"  #: from a source picture, noised by `strength`
    INPAINT = "inpaint"  #: the same, but only where a mask is white; elsewhere the source stays as it is
    OUTPAINT = "outpaint"  #: a source picture continued beyond its edges, as far as `window` reaches
    BLEND = "blend"  #: from the middle between several pictures and their words, noised by `strength`
    UPSCALE = "upscale"  #: a source picture enlarged by `factor` and refined at `strength`


@unique
class Sampler(StrEnum):
    """The samplers people know, by the names they know; the engine maps each to a diffusers scheduler."""

    DDIM = "DDIM"
    DDPM = "DDPM"
    PNDM = "PNDM"
    EULER = "Euler"
    EULER_A = "Euler a"
    HEUN = "Heun"
    DPM2 = "DPM2"
    DPM2_A = "DPM2 a"
    DPMPP_2M = "DPM++ 2M"
    DPMPP_2M_KARRAS = "DPM++ 2M Karras"
    DPMPP_SDE = "DPM++ SDE"
    DPMPP_2M_SDE = "DPM++ 2M SDE"
    DEIS = "DEIS"
    UNIPC = "UniPC"
    LCM = "LCM"
    TCD = "TCD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What is different in one of several pictures; None where it is as in all."""

    prompt: str | None = None
    seed: int | None = None
    checkpoint: str | None = None
    width: int | None = None
    height: int | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    sampler: Sampler | None = None

    def changes(self) -> dict[str, Any]:
        """Return what is different, by name."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """By how much noise is turned towards that of another seed: 0 is not at all, 1 all of the way."""

    seed: int
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Blended:
    """A picture that is blended with others: the SHA-256 of its file, and the words that stand for it."""

    source: str
    prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """All that decides the pixels, but for the engine itself.

    `width` and `height` are those of what is drawn, in pixels: of the finished picture, unless it is drawn in a
    `window` of a larger one. Picture i of `count` is drawn from seed `seed + i`, so that each can be made again alone;
    with `variants`, one for each picture, from what these say. With `variations`, all are drawn from `seed`, its noise
    turned towards that of each of these, the last of which is another for every picture. `source` is the SHA-256 of the
    picture to start from, `mask` that of a picture which is white where the source is drawn anew. `adapters` are the
    names of LoRAs and textual inversions, and how strongly each LoRA is added. Raises InvalidRequest with a sentence
    for the person.
    """

    task: Task = Task.TEXT_TO_IMAGE
    checkpoint: str
    prompt: str
    negative_prompt: str = ""
    seed: int
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    sampler: Sampler
    count: int = 1
    source: str | None = None
    mask: str | None = None
    strength: float | None = None
    factor: int | None = None
    window: Window | None = None
    blended: tuple[Blended, ...] = ()
    variations: tuple[Variation, ...] = ()
    variants: tuple[Variant, ...] = ()
    adapters: Adapters = ()

    def __post_init__(self) -> None:
        _check_text("prompt", self.prompt)
        _check_text("negative_prompt", self.negative_prompt)
        _check_range("seed", self.seed, 0, SEEDS - 1)
        _check_range("steps", self.num_inference_steps, *STEPS)
        _check_range("guidance", self.guidance_scale, *GUIDANCE)
        self._check_count()
        for side in (self.width, self.height):
            _check_range("side", side, *SIDE)
            if side % SIDE_MULTIPLE:
                raise InvalidRequest("inference.side_multiple", multiple=SIDE_MULTIPLE, given=side)
        self._check_source()
        self._check_variations()
        self._check_adapters()

    def _check_count(self) -> None:
        if not self.variants:
            _check_range("count", self.count, *COUNT)
            return
        _check_range("variants", len(self.variants), 1, MOST_VARIANTS)
        if self.count != len(self.variants):
            raise ValueError("there are as many pictures as variants")
        for _ in self.singles():  # the bounds of each are checked where it is born
            pass

    def _check_source(self) -> None:
        if self.task is Task.TEXT_TO_IMAGE:
            return
        if (self.source is None and self.task is not Task.BLEND) or self.strength is None:
            raise InvalidRequest("inference.source_missing")
        if self.task is Task.INPAINT and self.mask is None:
            raise InvalidRequest("inference.mask_missing")
        if self.task is Task.OUTPAINT and self.window is None:
            raise ValueError("what is continued is continued as far as a window reaches")
        if self.task is Task.BLEND:
            _check_range("blended", len(self.blended), *BLENDED)
        _check_range("strength", self.strength, 0.0, 1.0)
        if self.task is Task.UPSCALE and self.factor not in FACTORS:
            raise InvalidRequest("inference.factor", given=self.factor)

    def _check_variations(self) -> None:
        _check_range("variations", len(self.variations), 0, MOST_VARIATIONS)
        for variation in self.variations:
            _check_range("seed", variation.seed, 0, SEEDS - 1)
            _check_range("variation_strength", variation.strength, 0.0, 1.0)

    def _check_adapters(self) -> None:
        if len({name for name, _ in self.adapters}) < len(self.adapters) or len(self.adapters) > MOST_ADAPTERS:
            raise InvalidRequest("inference.adapters", limit=MOST_ADAPTERS, given=len(self.adapters))
        for _, weight in self.adapters:
            _check_range("adapter", weight, *ADAPTER_WEIGHT)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seed of each picture."""
        return tuple(single.seed for single in self.singles())

    @property
    def prompts(self) -> tuple[str, ...]:
        """Every prompt that something is drawn from, each once."""
        parts = (blended.prompt for blended in self.blended)
        return tuple(dict.fromkeys((*(single.prompt for single in self.singles()), *parts)))

    @property
    def pictures(self) -> tuple[str, ...]:
        """The SHA-256 of every picture that is drawn over, each once."""
        parts = (blended.source for blended in self.blended)
        return tuple(dict.fromkeys(name for name in (self.source, *parts) if name is not None))

    @property
    def files(self) -> tuple[str, ...]:
        """The SHA-256 of every file that something is drawn from, each once."""
        return self.pictures if self.mask is None else (*self.pictures, self.mask)

    def singles(self) -> Iterator[Self]:
        """Yield the request of each picture."""
        return (self.single(index) for index in range(self.count))

    def single(self, index: int) -> Self:
        """Return the request that makes picture `index` alone."""
        if self.variants:
            return replace(self, **self.variants[index].changes(), count=1, variants=())
        if self.variations:
            *earlier, last = self.variations
            last = replace(last, seed=(last.seed + index) % SEEDS)
            return replace(self, variations=(*earlier, last), count=1)
        return replace(self, seed=(self.seed + index) % SEEDS, count=1)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for the database and the wire."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the request that `to_dict` wrote."""
        read: Self = _reader().validate_python(values)
        return read


@cache
def _reader() -> TypeAdapter[Any]:
    return TypeAdapter(ImageRequest)


def _check_text(name: str, text: str) -> None:
    if len(text) > PROMPT_LENGTH:
        raise InvalidRequest(f"inference.{name}_length", limit=PROMPT_LENGTH, given=len(text))
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):  # no database keeps these
        raise InvalidRequest("inference.unreadable_text")


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # written so that NaN is refused too
        raise InvalidRequest(f"inference.{name}_range", low=low, high=high, given=value)
