"""What was tried out once and decides bytes from then on, kept so that workers of a kind go on drawing alike."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

from inference.kept_files import locked, replace_text


class ChoiceFile:
    """A JSON file of numbers by their names. Whoever was first with a name is right: workers may start together."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> dict[str, int]:
        """Return all that was chosen."""
        return dict(json.loads(self.path.read_text())) if self.path.is_file() else {}

    def get(self, name: str) -> int | None:
        """Return what was chosen, None where nothing was."""
        return self.all().get(name)

    def keep(self, name: str, value: int) -> int:
        """Keep a value and return it, or the one that was there already."""
        with locked(self.path):
            values = self.all()
            if name not in values:
                self._write(values | {name: value})
        return values.get(name, value)

    def agree(self, values: Mapping[str, int]) -> None:
        """Let these count, whatever was kept before."""
        with locked(self.path):
            known = self.all()
            if not values.items() <= known.items():
                self._write(known | dict(values))

    async def settle(self, name: str, value: int | None) -> int | None:
        """Answer a worker that asks for a number or, with a value, proposes one."""
        if value is None:
            return await asyncio.to_thread(self.get, name)
        return await asyncio.to_thread(self.keep, name, value)

    def _write(self, values: Mapping[str, int]) -> None:
        replace_text(self.path, json.dumps(values, indent=1))
