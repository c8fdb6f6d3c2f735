"""The checkpoints on offer here."""

from collections.abc import Iterator, Mapping

from config.words import UserError
from inference.checkpoints import Checkpoint


class Catalogue(Mapping[str, Checkpoint]):
    """The checkpoints on offer, by name; one of them is drawn with where nobody names one."""

    def __init__(self, checkpoints: Mapping[str, Checkpoint], default: str) -> None:
        self.offered = checkpoints
        self.default = default

    def choose(self, name: str | None = None) -> Checkpoint:
        """Return the checkpoint of that name. Raises UserError where it is not on offer."""
        found = self.offered.get(self.default if name is None else name)
        if found is None:
            raise UserError("bot.no_such_model", given=str(name)[:50], models=", ".join(self.offered))
        return found

    def __getitem__(self, name: str) -> Checkpoint:
        return self.offered[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.offered)

    def __len__(self) -> int:
        return len(self.offered)
