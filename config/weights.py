"""Where the weights of a network lie."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

ROOT = Path(__file__).resolve().parent.parent


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
        return (ROOT / self.source).resolve() if self.source.startswith((".", "/")) else None

    @model_validator(mode="after")
    def _hub_is_pinned(self) -> Self:
        if self.folder is None and self.revision is None:
            raise ValueError("a hub id needs the revision it is pinned to (40 hexadecimal digits)")
        return self
