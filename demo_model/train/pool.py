"""What is learned from, at hand: the newest pushes out the oldest."""

import torch


class Pool:
    """Rows of tensors that belong together, on the device that learns from them, in half precision."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._columns: list[torch.Tensor] = []
        self._added = 0

    def __len__(self) -> int:
        return min(self._added, self._size)

    def add(self, *columns: torch.Tensor) -> None:
        """Put in rows: one tensor for each column, all of them with as many rows."""
        if not self._columns:
            self._columns = [one.new_empty((self._size, *one.shape[1:]), dtype=torch.float16) for one in columns]
        rows = len(columns[0])
        where = (torch.arange(rows, device=columns[0].device) + self._added) % self._size
        for kept, fresh in zip(self._columns, columns, strict=True):
            kept[where] = fresh.half()
        self._added += rows

    def draw(self, rows: int) -> list[torch.Tensor]:
        """Return rows drawn by lot, a tensor for each column. Raises LookupError where there is none yet."""
        if not self._columns:
            raise LookupError("the pool is empty")
        where = torch.randint(len(self), (rows,), device=self._columns[0].device)
        return [kept[where].float() for kept in self._columns]
