"""How often one address may ask."""

import time
from collections import OrderedDict

ADDRESSES = 10_000  # of whom the number is kept


class Throttle:
    """Lets each address ask `limit` times within `seconds`."""

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds
        self._asked: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def lets(self, address: str) -> bool:
        """Count a request, and say whether it may pass."""
        now = time.monotonic()
        since, count = self._asked.pop(address, (now, 0))
        if now - since >= self._seconds:
            since, count = now, 0
        self._asked[address] = since, count + 1
        if len(self._asked) > ADDRESSES:
            self._asked.popitem(last=False)
        return count < self._limit
