"""Values that are found out once and kept in a file, for all workers of this machine."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inference.engine.fingerprint import replace_text


class Store:
    """A JSON file of numbers by their names. Whoever was first with a name is right: workers may start together."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, int]:
        """Return all that is kept."""
        return dict(json.loads(self._path.read_text())) if self._path.is_file() else {}

    def keep(self, name: str, value: int) -> int:
        """Keep a value and return it, or the one that was there already."""
        with self._locked():
            values = self.read()
            if name not in values:
                replace_text(self._path, json.dumps(values | {name: value}, indent=1))
        return values.get(name, value)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock, which the system takes back from a process that dies."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_suffix(".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
