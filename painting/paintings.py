"""Who may paint on which picture at the moment. In memory alone: a restart ends every link."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from painting.link import new_id, read, sign

LIFE = timedelta(minutes=10)  # an interaction's token, by which the answer goes, lives for fifteen minutes
MOST = 500
MOST_OF_ONE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Painting:
    """A picture on which somebody may paint a mask, once. Sizes are in pixels.

    `picture` gives a copy of it for the browser, as WebP. `submit` takes the mask, a PNG file. Both raise UserError
    with the sentence for the person.
    """

    user_id: int
    width: int
    height: int
    locale: str
    picture: Callable[[], Awaitable[bytes]]
    submit: Callable[[bytes], Awaitable[None]]
    until: int = field(default_factory=lambda: int(time.time() + LIFE.total_seconds()))  #: in seconds since 1970
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  #: held while a mask is being taken


class Paintings:
    """The paintings that are open, by token, until their time is over.

    The oldest go before where there are too many, of one person or of all.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._open: OrderedDict[bytes, Painting] = OrderedDict()

    def open(self, painting: Painting) -> str:
        """Return the token that lets somebody paint."""
        self._make_room(painting.user_id)
        name = new_id()
        self._open[name] = painting
        asyncio.get_running_loop().call_later(painting.until - time.time(), self._open.pop, name, None)
        return sign(self._key, name, painting.until)

    def find(self, token: str) -> Painting | None:
        """Return what the token opens; None where it is not ours, over, or was used."""
        name = read(self._key, token, time.time())
        return None if name is None else self._open.get(name)

    def close(self, token: str) -> None:
        """Let the token open nothing any more."""
        name = read(self._key, token, time.time())
        if name is not None:
            self._open.pop(name, None)

    def _make_room(self, user_id: int) -> None:
        of_one = [name for name, each in self._open.items() if each.user_id == user_id]
        for name in of_one[: 1 - MOST_OF_ONE]:
            del self._open[name]
        while len(self._open) >= MOST:
            self._open.popitem(last=False)
