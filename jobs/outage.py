"""While the pictures' store is away, nothing is drawn: it could not be kept."""

import asyncio
import logging
from collections.abc import Callable

from config.settings import ConfigError
from db.images import PictureStore

FIRST_REST = 1.0  # seconds before the store is asked again
LONGEST_REST = 60.0  # seconds; it doubles as long as nothing is kept

log = logging.getLogger(__name__)


class Outage:
    """An outage of the store: begun by pictures that it did not keep, over once it answers; `over` is told then."""

    def __init__(self, store: PictureStore, over: Callable[[], None], rest: float = FIRST_REST) -> None:
        self._store = store
        self._over = over
        self._first = self._rest = rest
        self._begun = asyncio.Event()

    @property
    def lasts(self) -> bool:
        """Whether the store is thought to be away."""
        return self._begun.is_set()

    def begin(self) -> None:
        """Take note that something could not be kept."""
        self._begun.set()

    def kept(self) -> None:
        """Take note that something was kept: the next outage is a new one."""
        self._rest = self._first

    async def watch(self) -> None:
        """Ask the store again and again while it is away, ever less often, until cancelled."""
        while True:
            await self._begun.wait()
            await asyncio.sleep(self._rest)
            self._rest = min(2 * self._rest, LONGEST_REST)
            if await self._answers():
                self._begun.clear()
                self._over()

    async def _answers(self) -> bool:
        try:
            await self._store.check()
        except ConfigError as error:  # it is silent, or it refuses: this says which
            log.warning("nothing is drawn until pictures can be kept; asked again in %g s: %s", self._rest, error)
        except Exception:
            log.exception("the pictures' store could not be asked; it will be in %g s", self._rest)
        else:
            return True
        return False
