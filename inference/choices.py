"""What was tried out once and decides bytes from then on, kept so that workers of a kind go on drawing alike."""

import asyncio
import json
from pathlib import Path

from inference.kept_files import locked, replace_text


class ChoiceFile:
    """A JSON file of numbers by their names. Whoever was first with a name is right: workers may start together."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, name: str) -> int | None:
        """Return what was chosen, None where nothing was."""
        return self._read().get(name)

    def keep(self, name: str, value: int) -> int:
        """Keep a value and return it, or the one that was there already."""
        with locked(self._path):
            values = self._read()
            if name not in values:
                replace_text(self._path, json.dumps(values | {name: value}, indent=1))
        return values.get(name, value)

    async def settle(self, name: str, value: int | None) -> int | None:
        """Answer a worker that asks for a number or, with a value, proposes one."""
        if value is None:
            return await asyncio.to_thread(self.get, name)
        return await asyncio.to_thread(self.keep, name, value)

    def _read(self) -> dict[str, int]:
        return dict(json.loads(self._path.read_text())) if self._path.is_file() else {}
