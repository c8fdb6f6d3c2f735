"""Which networks put pictures into words: the `captioners` of config/models.toml."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from inference.checkpoints import Weights, parse, read_tables


class Captioner(BaseModel):
    """An entry of `captioners`: a BlipForConditionalGeneration of transformers, with its processor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    weights: Weights
    needs: str = ""  #: on disk and in memory, in words, for the operator
    licence: str
    licence_url: str


def load_captioners(path: Path) -> dict[str, Captioner]:
    """Return every captioner of the file by its name. Raises ConfigError that lists every problem."""
    return parse(path, Captioner, read_tables(path).get("captioners", {}), "captioners.")
