"""Networks of transformers that look at pictures: the `captioners` and `segmenters` of config/models.toml."""

from enum import StrEnum, unique
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from inference.checkpoints import Weights, parse, read_tables


@unique
class Task(StrEnum):
    """What they are there for; the name of their table."""

    CAPTION = "captioners"  #: put into words: a BlipForConditionalGeneration, with its processor
    SEGMENT = "segmenters"  #: find by words: a CLIPSegForImageSegmentation, with its processor


class Viewer(BaseModel):
    """An entry of one of the tables."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    weights: Weights
    needs: str = ""  #: on disk and in memory, in words, for the operator
    licence: str
    licence_url: str


def load_viewers(path: Path, task: Task) -> dict[str, Viewer]:
    """Return every entry of the file for a task, by its name. Raises ConfigError that lists every problem."""
    return parse(path, Viewer, read_tables(path).get(task, {}), f"{task}.")
