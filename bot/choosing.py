"""What workers draw with, agreed on once for all machines."""

import asyncio

from config.settings import ConfigError
from db.choices import Choices
from inference.choices import ChoiceFile


class Choosing:
    """The choices of all workers: kept in the database, known here, and copied to a file.

    The file is for `rebuild`, which has no database; what it says that the database does not know counts, too, as older
    versions kept theirs there.
    """

    def __init__(self, choices: Choices, file: ChoiceFile) -> None:
        self._choices = choices
        self._file = file
        self._known: dict[str, int] = {}

    async def load(self) -> None:
        """Read what was chosen before. Raises ConfigError where the file cannot be read or written."""
        try:
            told = await asyncio.to_thread(self._file.all)
        except (OSError, ValueError) as error:
            raise ConfigError(f"{self._file.path} says what pictures depend on, and cannot be read: {error}") from error
        self._known = await self._choices.keep(told)
        await asyncio.to_thread(self._file.agree, self._known)

    async def settle(self, name: str, value: int | None) -> int | None:
        """Answer a worker that asks for a number or, with a value, proposes one. Raises OSError where none is kept."""
        if value is not None and name not in self._known:
            kept = await self._choices.keep({name: value})
            self._known = self._known | kept  # what another worker chose meanwhile counts, too
            await asyncio.to_thread(self._file.agree, self._known)
        return self._known.get(name)
