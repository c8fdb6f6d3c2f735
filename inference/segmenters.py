"""Which networks find things in pictures by words: the `segmenters` of config/models.toml."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from inference.checkpoints import Weights, parse, read_tables


class Segmenter(BaseModel):
    """An entry of `segmenters`: a CLIPSegForImageSegmentation of transformers, with its processor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    weights: Weights
    needs: str = ""  #: on disk and in memory, in words, for the operator
    licence: str
    licence_url: str


def load_segmenters(path: Path) -> dict[str, Segmenter]:
    """Return every segmenter of the file by its name. Raises ConfigError that lists every problem."""
    return parse(path, Segmenter, read_tables(path).get("segmenters", {}), "segmenters.")
