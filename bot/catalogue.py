"""The checkpoints on offer here, and the upscalers beside them."""

from collections.abc import Iterator, Mapping

from config.words import UserError
from inference.checkpoints import Checkpoint
from inference.upscalers import UpscalerCheckpoint


class Catalogue(Mapping[str, Checkpoint]):
    """Whatever pictures are made with here, by name.

    Of the checkpoints `offered`, one draws where nobody names one; `upscalers` make pictures larger.
    """

    def __init__(
        self,
        checkpoints: Mapping[str, Checkpoint],
        default: str,
        upscalers: Mapping[str, UpscalerCheckpoint] | None = None,
    ) -> None:
        self.offered = checkpoints
        self.default = default
        self.upscalers = upscalers or {}

    def choose(self, name: str | None = None) -> Checkpoint:
        """Return the checkpoint of that name that draws. Raises UserError where it is not on offer."""
        found = self.offered.get(self.default if name is None else name)
        if found is None:
            raise UserError("bot.no_such_model", given=str(name)[:50], models=", ".join(self.offered))
        return found

    def maker(self, name: str) -> Checkpoint:
        """Return the checkpoint or upscaler of that name. Raises UserError where it is not on offer."""
        return self.upscalers.get(name) or self.choose(name)

    def __getitem__(self, name: str) -> Checkpoint:
        return self.upscalers[name] if name in self.upscalers else self.offered[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self.offered, *self.upscalers))

    def __len__(self) -> int:
        return len(self.offered) + len(self.upscalers)
