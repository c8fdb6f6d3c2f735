"""What is learned from, at hand: the newest pushes out the oldest."""

from collections.abc import Callable, Sequence

import torch

FILL = 16  #: batches that are at hand before learning starts


class Pool:
    """Rows of tensors that belong together, on the device that learns from them; fractions in half precision."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._columns: list[torch.Tensor] = []
        self._added = 0

    def __len__(self) -> int:
        return min(self._added, self._size)

    def refresh(self, fresh: Callable[[], Sequence[torch.Tensor]], batch: int) -> None:
        """Put in the fresh rows: once, or as often as it takes to have enough for batches of that size."""
        while True:
            self.add(*fresh())
            if len(self) >= min(self._size, FILL * batch):
                return

    def add(self, *columns: torch.Tensor) -> None:
        """Put in rows: one tensor for each column, all of them with as many rows."""
        if not self._columns:
            self._columns = [one.new_empty((self._size, *one.shape[1:]), dtype=_kept_as(one)) for one in columns]
        rows = len(columns[0])
        where = (torch.arange(rows, device=columns[0].device) + self._added) % self._size
        for kept, fresh in zip(self._columns, columns, strict=True):
            kept[where] = fresh.to(kept.dtype)
        self._added += rows

    def draw(self, rows: int) -> list[torch.Tensor]:
        """Return rows drawn by lot, a tensor for each column. Raises LookupError where there is none yet."""
        if not self._columns:
            raise LookupError("the pool is empty")
        where = torch.randint(len(self), (rows,), device=self._columns[0].device)
        drawn = (kept[where] for kept in self._columns)
        return [one.float() if one.is_floating_point() else one for one in drawn]


def _kept_as(column: torch.Tensor) -> torch.dtype:
    return torch.float16 if column.is_floating_point() else column.dtype
